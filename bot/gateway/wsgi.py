"""What gunicorn loads: ``gunicorn bot.gateway.wsgi:app``."""

from bot.gateway.app import create_app
from bot.gateway.console import warm_up
from bot.logs import configure
from bot.settings import settings

configure("gateway", settings().log_level)
app = create_app(settings())
warm_up(app)
