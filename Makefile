# `make demo` and `make test` are all a fresh Debian 12 with Swift 6.3 needs: each installs what is missing and says so.
.DEFAULT_GOAL := help
.PHONY: help demo serve build test test-long fuzz conformance lint format bench screenshots clean packages test-packages

BUILD_PACKAGES := ca-certificates git libc6-dev libjemalloc-dev libpq-dev libsqlite3-dev pkg-config zlib1g-dev
RUN_PACKAGES := ffmpeg fonts-dejavu-core fonts-noto-core
TEST_PACKAGES := chromium chromium-driver firefox-esr fonts-noto-color-emoji openssl postgresql python3 python3-pip
BROWSER_SUITES := ScriptTests|BrowserTests|PlayerTests|CameraTests
# All tests of a run are begun at once, and share two cores: what a run has to do should not take any of them a minute.
TRADE_SUITES := Admission|Affiliate|Auction|Bundle|Claim|Clip|Commission|Coupon|Customer|Deal|Embed|Follow|Giveaway
MORE_TRADE_SUITES := Import|Mail|Numbers|Order|Packing|Partner|Payout|Poll|Preorder|Purchase|Rating|Razorpay|Reminder|Search|Shipment|SpendLimit|Stock|Stripe|Waitlist|Wallet|Webhook
SWIFT_SOURCES := $(wildcard Package.swift Sources Tests Benchmarks Fuzz/Package.swift Fuzz/Sources/Fuzz)

help: ## Says what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: build ## Starts the server with a running show: watch page, studio, sign-in.
	@exec .build/release/haat demo

serve: build ## Starts the server with what haat-data/ holds.
	@exec .build/release/haat serve

build: packages ## Builds the release binary, .build/release/haat.
	@echo "Building haat (release; the first time takes some minutes) …"
	@swift build -c release --product haat

packages:
	@Scripts/need.sh $(BUILD_PACKAGES) $(RUN_PACKAGES)

test-packages: packages
	@Scripts/need.sh $(TEST_PACKAGES)
	@Scripts/fetch-film.sh
	@Scripts/stripe/fetch.sh
	@Scripts/authorization/fetch.sh
	@Scripts/calendar/fetch.sh
	@Scripts/push/fetch.sh
	@Scripts/axe/fetch.sh
	@Scripts/webhooks/fetch.sh
	@Scripts/fetch-mail-server.sh

# A part at a time, so that two cores are enough; browsers and encoders want the machine to themselves.
test: test-packages lint ## Runs all tests: rules on both engines, media, API, pages, and one whole journey.
	swift build --build-tests
	swift test --skip-build --filter 'StoreTests|TidyTests'
	swift test --skip-build --filter CommerceTests
	swift test --skip-build --filter 'MediaTests|PostTests'
	swift test --skip-build --filter 'WebTests\.($(TRADE_SUITES))' --skip '$(BROWSER_SUITES)'
	swift test --skip-build --filter 'WebTests\.($(MORE_TRADE_SUITES))' --skip '$(BROWSER_SUITES)'
	swift test --skip-build --filter WebTests --skip '$(BROWSER_SUITES)|WebTests\.($(TRADE_SUITES)|$(MORE_TRADE_SUITES))'
	swift test --skip-build --no-parallel --filter '$(BROWSER_SUITES)'
	swift test --skip-build --no-parallel --filter SystemTests

test-long: test ## The same, then a minute of fuzzing for each reader of bytes from outside.
	@Fuzz/run 60

fuzz: ## Tries to break the readers of bytes from outside: TARGET=chunks, SECONDS=600.
	@Fuzz/run $(or $(SECONDS),300) $(TARGET)

conformance: test-packages build ## Publishes with ffmpeg, GStreamer and OBS, reads it back, prints the table.
	@Scripts/conformance

lint: ## Checks the format of every Swift file.
	swift format lint --strict --recursive $(SWIFT_SOURCES)

format: ## Formats every Swift file.
	swift format --in-place --recursive $(SWIFT_SOURCES)

bench: build ## Measures: all figures, or one with FIGURE=checkout.hot.
	@Benchmarks/run $(FIGURE)

screenshots: test-packages ## Leaves pictures of every page in screenshots/, and those of the documents in docs/images/.
	swift build --build-tests
	HAAT_SCREENSHOTS=$(CURDIR)/screenshots swift test --skip-build --no-parallel --filter SystemTests
	@for size in phone desktop; do \
	  ffmpeg -loglevel error -y -i screenshots/watch-$$size-en.png -q:v 4 docs/images/watch-$$size.jpg; done
	@for pair in control-room-desktop:control-room studio-products-phone:studio operator-phone:operator embed-desktop:embed \
	  host-6-camera-ready-phone:camera host-17-report-desktop:report seller-4-packing-list-phone:packing \
	  operator-status-desktop:status viewer-10-embed-done-phone:embed-paid; do \
	  ffmpeg -loglevel error -y -i screenshots/$${pair%:*}-en.png -q:v 4 docs/images/guide-$${pair#*:}.jpg; done

clean: ## Removes build products (never haat-data/).
	rm -rf .build Benchmarks/.build Fuzz/.build
