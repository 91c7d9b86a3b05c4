SELECT pg_notify('mtz', json_build_object('account', account, 'topic', topic, 'revision', revision)::text)
  FROM revisions
 WHERE account = %(account)s AND topic = ANY (%(topics)s)
