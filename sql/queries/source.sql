-- To whom this database belongs; no row until a gateway has said which account it is.
SELECT source FROM database_source
