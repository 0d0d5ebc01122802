# Roster on this machine, on port 3000.
run:
    cargo run

# Every test.
test:
    cargo test --workspace

# Formatting and lints.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# What a change must pass.
ci:
    bash .ci/run
