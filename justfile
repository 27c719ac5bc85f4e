# What a developer does daily. `uvx --from rust-just just`, or any just.

# Lists the recipes.
default:
    @just --list

# Runs the tests; `just test tests/report -x` runs some.
test *ARGS:
    uv run pytest {{ ARGS }}

# Runs the tests and fails if they cover less than the floor in pyproject.toml. About twice the tests' time.
coverage *ARGS:
    uv run --group dev pytest --cov {{ ARGS }}

# Fixes style, then checks style, types and layers.
lint:
    uv run ruff check --fix .
    uv run ruff format .
    uv run mypy
    uv run lint-imports

# Builds the native plugin again and runs its own tests.
native:
    uv sync --reinstall-package mainspring-native
    cd plugins/native && cargo fmt && cargo clippy --all-targets -- -D warnings && cargo test --release

# Compares this checkout's speed with a saved baseline: `just bench before book`.
bench BASELINE *SUITES:
    uv run mainspring bench {{ SUITES }} --against {{ BASELINE }} --fast

# Runs everything that must pass before a change lands.
ci:
    .ci/run

# Writes down the versions and hashes of every dependency that this checkout was tested with.
pin:
    uv export --quiet --no-emit-workspace --all-extras --no-extra peers --group dev --no-header -o constraints.txt
