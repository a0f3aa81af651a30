# One place for what a developer runs. Everything works inside the active environment.
.PHONY: install test lint types docs serve check

install:
	pip install -e ".[dev]"
	pre-commit install

test:
	pytest -n 2

lint:
	ruff check --fix .
	ruff format .

types:
	mypy

docs:
	mkdocs build --strict

serve:
	mkdocs serve

check: lint types docs test
