# Each target sets up what it needs in .venv first; the work is in kvportal/bootstrap.py, which needs nothing but Python 3.11.
PYTHON ?= python3

.PHONY: run serve test test-all check bench lock
run serve test test-all check bench lock:
	@$(PYTHON) -m kvportal.bootstrap $@
