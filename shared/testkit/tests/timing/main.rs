//! Lesson 33: how long a refused authentication takes tells nothing of the client.
//!
//! `calls` holds the calls of each case. `distributions` measures what is left: it sends each case ten thousand
//! times, in random order, and prints for each two cases of one kind by how much the best threshold on the time
//! tells them apart, max over t of |P(T < t | A) − P(T < t | B)|, beside what two samples of one and the same
//! case give, which is noise. Without steps a figure is the advantage of somebody who measures inside the process;
//! in steps, as functions and the local server answer, it is that of a caller without a network between.
//!
//! `cargo test --profile local -p testkit --test timing -- --ignored --nocapture`
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that can't be set up has failed, and figures are to be seen"
)]

mod calls;
mod cases;
mod distributions;
