//! `colloquy`: runs the whole system on one machine, and has tools for deployments.

mod demo;
mod serve;

use std::{io::Write as _, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};
use local::open_files;
use protocol::asyncapi::{EXAMPLE_URL, document};
use serve::ServeArgs;

/// Colloquy on one machine: accounts, presentations, live sessions, votes, team chat.
///
/// Without a command, it serves the API, sockets, queues, e-mail and the table of template.yaml. Nothing has to be
/// installed, and no cloud account is needed. Data is stored in .colloquy. /_local shows requests, queues, e-mail and
/// costs.
#[derive(Parser)]
#[command(name = "colloquy", version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Subcommand)]
enum CliCommand {
    /// Run everything on this machine (the default)
    Serve(ServeArgs),
    /// Rehearse an event against any deployment, with real clients
    Load(load::LoadArgs),
    /// Check a deployment step by step, with one real client
    Smoke(load::SmokeTest),
    /// Print the OpenAPI document of all operations
    Openapi,
    /// Print the AsyncAPI document of the socket
    Asyncapi,
    /// Assemble template.yaml from infra/template, in the root of the repository
    Template,
}

/// The stack size of a Lambda function's main thread, on which its handler runs. The default of tokio's threads is a
/// quarter of it.
const MAIN_THREAD_STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(MAIN_THREAD_STACK_BYTES)
        .enable_all()
        .build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(CommandLine::parse())));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: CommandLine) -> anyhow::Result<()> {
    match cli.command {
        None => cli.serve.run().await,
        Some(CliCommand::Serve(serve)) => serve.run().await,
        Some(CliCommand::Load(load)) => {
            // each client has a socket
            open_files::raise_limit();
            load::run(load).await
        }
        Some(CliCommand::Smoke(smoke)) => smoke.run(&mut std::io::stdout()).await,
        Some(CliCommand::Openapi) => {
            print_document(&local::openapi::assembled_openapi().to_pretty_json()?);
            Ok(())
        }
        Some(CliCommand::Asyncapi) => {
            print_document(&serde_json::to_string_pretty(&document(EXAMPLE_URL))?);
            Ok(())
        }
        Some(CliCommand::Template) => {
            local::assemble::write(Path::new("infra/template"), Path::new("template.yaml"))
        }
    }
}

/// Prints an error without the backtrace of `anyhow`. A port in use, for example, needs no backtrace.
#[expect(clippy::print_stderr, reason = "logs may be off, and the user of the command must see the error")]
fn print_error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

fn print_document(document: &str) {
    // a closed pipe, as in `colloquy openapi | head`, is no error
    let _ = writeln!(std::io::stdout(), "{document}");
}
