-- The longest that one of these must wait, in seconds; 0 when none must.
SELECT coalesce(max(ceil(extract(epoch FROM locked_until - now()))), 0)::integer AS seconds
  FROM login_attempts WHERE subject = ANY (:subjects) AND locked_until > now()
