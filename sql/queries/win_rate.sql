-- How many roll chains of options are closed, and how many of them made money after fees. Left out: chains that began before
-- anything is known, with fees in another currency, and with a round trip, an execution or an underlying that a note leaves out
-- of statistics. The revision is that of topic strategies, which the book and the notes move.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
)
SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'strategies'), 0) AS revision,
       count(*) AS closed,
       count(*) FILTER (WHERE chains.net > 0) AS wins,
       max(chains.closed) AS as_of
  FROM (SELECT sum(r.net) AS net, max(r.closed) AS closed
          FROM round_trips r
         WHERE r.account = :account AND r.chain IS NOT NULL
         GROUP BY r.chain
        HAVING bool_and(r.closed IS NOT NULL) AND bool_and(r.net IS NOT NULL)
           AND NOT bool_or(r.trip IN (SELECT g.trip FROM gone g))) AS chains
