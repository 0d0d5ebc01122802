//! The command line.

use std::{net::IpAddr, path::PathBuf};

use clap::Parser;

/// Roster on this machine, with an embedded DynamoDB: for trying out and for development.
#[derive(Debug, Clone, Parser)]
#[command(name = "roster-local", version)]
pub struct Args {
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Directory of the table, the master secret and the management credentials
    #[arg(long, default_value = ".roster", conflicts_with = "memory")]
    pub data: PathBuf,
    /// Keep everything in memory; it is gone when the server stops
    #[arg(long)]
    pub memory: bool,
    /// Also write base URL and management credentials to this file (mode 0600), once requests are accepted
    #[arg(long, value_name = "FILE")]
    pub credentials_file: Option<PathBuf>,
    /// Log warnings and errors only, not every request
    #[arg(long)]
    pub quiet: bool,
}
