-- The strategy agent's last sign of life, and whether it holds the lock with which it leads.
SELECT (SELECT s.heartbeat_at FROM agent_status s) AS heartbeat_at,
       EXISTS (SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                  AND cast(l.classid AS bigint) = 0 AND cast(l.objid AS bigint) = :key) AS is_alive
