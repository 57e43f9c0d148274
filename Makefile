# Everything works from a fresh clone on a machine with git, make and any Node.js ≥ 20 with npm.
.DEFAULT_GOAL := help
.PHONY: help install run test check bench build demo alerts-now health enterprise-report validate

INSTALLED := node_modules/.installed
DASHBOARD := web/dist/index.html

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: $(INSTALLED) ## what the lock file names, Node.js 26 included

$(INSTALLED): package.json package-lock.json sandbox/package.json web/package.json .npmrc
	@echo 'Installing what the lock file names; the first time this takes about a minute.'
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

.PHONY: dashboard
dashboard: $(DASHBOARD) ## the dashboard, built; nothing to do when it is up to date

$(DASHBOARD): $(INSTALLED) web/index.html web/vite.config.ts $(shell find web/src web/public -type f ! -name schema.d.ts)
	@echo 'Building the dashboard.'
	@npm run --silent build -w web -- --logLevel=warn

run: $(INSTALLED) $(DASHBOARD) ## the service, on port 5000
	@bin/tillwatch serve

demo: $(INSTALLED) $(DASHBOARD) ## the service on the sandbox: live traffic, an outage that fires alerts and recovers, things to refund and pay
	@bin/tillwatch demo

test: check $(DASHBOARD) ## every test, on SQLite and a real PostgreSQL
	npm run --silent test

check: $(INSTALLED) ## types, lint, dead code, architecture
	npm run --silent check

SHOTS ?= /tmp/tillwatch-screenshots
.PHONY: screenshots
screenshots: $(INSTALLED) $(DASHBOARD) ## a picture of every page, light, dark and on a phone, in SHOTS=DIR, outside the repository
	@WEB_SHOTS=$(SHOTS) npm run --silent test -- test/web
	@echo 'Look at them in $(SHOTS).'

bench: $(INSTALLED) ## the benchmarks; figures are ratios within one run
	@npm run --silent bench

build: $(INSTALLED) ## compiled JavaScript in dist/, as published
	npm run --silent build

alerts-now: $(INSTALLED) ## evaluate now, print and log the production-alerts record
	@bin/tillwatch alerts run

enterprise-report: $(INSTALLED) ## the report of the last 30 days as a page; prints where it is
	@bin/tillwatch report enterprise

health: $(INSTALLED) ## is the service well? exit 1 when not
	@bin/tillwatch health

validate: $(INSTALLED) ## is the whole installation as it should be? exit 0 PASS, 1 WARN, 2 FAIL
	@bin/tillwatch validate
