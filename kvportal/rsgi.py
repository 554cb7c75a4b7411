"""What granian serves: the portal, checked and ready (kvportal.wsgi), behind its front (kvportal.serving)."""

from kvportal.serving import Portal
from kvportal.wsgi import application as django

application = Portal(django)
