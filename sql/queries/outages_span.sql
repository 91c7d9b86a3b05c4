-- Spans without proven data that touch a span and are at least :least_s seconds long, or not over; oldest first.
SELECT o.kind, o.started, o.ended, o.reason
  FROM outages o
 WHERE o.account = :account
   AND o.started < :until
   AND coalesce(o.ended, 'infinity') > :since
   AND (o.ended IS NULL OR o.ended - o.started >= make_interval(secs => :least_s))
 ORDER BY o.started, o.kind
