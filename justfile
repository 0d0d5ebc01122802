# Roster on this machine, on port 3000.
run:
    cargo run

# Every test.
test:
    cargo test --workspace

# Clients that others wrote, against a local server; needs python3 and node.
clients:
    bash tests/clients/run

# A measurement: cold-start, round-trips, load, size, scale or cost. `load` needs node and npm.
bench what *options:
    cargo run --release -p bench -- {{what}} {{options}}

# The stack, as SAM builds it and Lambda runs it; tests/sam/README.md says what is needed.
sam:
    bash tests/sam/run

# Every campaign against faults, for hours: prints a report. `cargo test` runs a slice of each.
faults:
    cargo test --profile local -p tests --test faults -- --ignored --test-threads 1
    cat target/tmp/faults/*.md

# The dearest request of each route, searched for; fails above 20 ms or 16 MB.
cost:
    cargo test --profile local -p tests --test cost -- --ignored --nocapture

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# What a change must pass.
ci:
    bash .ci/run
