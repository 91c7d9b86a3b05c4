SELECT name, created_at FROM strategies ORDER BY name
