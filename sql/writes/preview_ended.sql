UPDATE preview_results SET ended_at = now(), problem = %(problem)s, orders = cast(%(orders)s AS jsonb), words = %(words)s
 WHERE preview_id = %(preview_id)s
