"""`dashboard.wsgi:app` for gunicorn's gevent worker.

psycopg chooses its wait function at import: where it comes before the patch, one LISTEN stalls everything. The worker
patches before it loads this module; the lines below hold for every other way to get here.
"""

from gevent import monkey

if not monkey.is_module_patched("socket"):
    monkey.patch_all()

from dashboard.app import create_app
from dashboard.settings import load_settings

app = create_app(load_settings())
