# `make demo`, `make test` and `make bench` need nothing but Python 3.10-3.13 with venv on x86-64 Linux.

PYTHON ?= python3
INPUT ?= generated
OUTPUT ?= demo_output
VIEW ?=
MINUTES ?= 10
COUNT ?= 110000
SEED ?= 1
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet -c .ci/pins.txt
PACKAGING := setup.py setup.cfg pyproject.toml .ci/pins.txt

.PHONY: demo test bench soak fuzz docs clean

demo: $(VENV)/demo-installed $(if $(VIEW),$(VENV)/view-installed)
	$(VENV)/bin/mininet_ros demo "$(INPUT)" --output "$(OUTPUT)" $(if $(VIEW),--view)

test: $(VENV)/test-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pyright
	$(VENV)/bin/python -m pytest

bench: $(VENV)/test-installed
	$(VENV)/bin/mininet_ros benchmark camvid --input-size 512x256 --all --rounds 24
	$(VENV)/bin/mininet_ros benchmark camvid --node --camera-size 640x480 --camera-size 1280x720

soak: $(VENV)/test-installed
	$(VENV)/bin/python test/soak/soak.py --minutes $(MINUTES)

fuzz: $(VENV)/test-installed
	$(VENV)/bin/python test/soak/fuzz.py --count $(COUNT) --seed $(SEED)

docs: $(VENV)/docs-installed
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo "build/docs/index.html"

$(VENV)/demo-installed: $(PACKAGING)
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[ros,demo]'
	touch $@

$(VENV)/view-installed: $(VENV)/demo-installed
	$(PIP) -e '.[ros,demo,view]'
	touch $@

$(VENV)/test-installed: $(VENV)/demo-installed
	$(PIP) -e '.[ros,demo,view,train,bags,team,labels,tensorboard,test]'
	touch $@

$(VENV)/docs-installed: $(VENV)/test-installed
	$(PIP) -e '.[ros,demo,view,train,bags,team,labels,tensorboard,test,docs]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info demo_output
