"""The RSGI application for granian: the WSGI application (kvportal.wsgi) in its adapter (kvportal.serving)."""

from kvportal.serving import Portal
from kvportal.wsgi import application as django

application = Portal(django)
