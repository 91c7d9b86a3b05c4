UPDATE api_tokens SET used_at = greatest(used_at, to_timestamp(%(at)s)) WHERE id = %(id)s
