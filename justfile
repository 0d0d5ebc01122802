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

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# What a change must pass.
ci:
    bash .ci/run
