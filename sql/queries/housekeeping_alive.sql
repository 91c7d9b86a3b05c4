-- The flavour of storage while a housekeeper holds its lock, else nothing.
SELECT s.flavour
  FROM storage s
 WHERE EXISTS (SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                  AND cast(l.classid AS bigint) = 0 AND cast(l.objid AS bigint) = :key)
