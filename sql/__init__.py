"""SQL text only: migrations, roles and named queries, read by `data`."""
