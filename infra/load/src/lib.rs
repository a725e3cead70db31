//! Load tests and smoke tests of a deployment.
//!
//! A rehearsal uses real clients and the public URLs of any deployment, and reports latencies and errors. A smoke test
//! checks a deployment with one client, step by step. Both know only the URL of the deployment.
//!
//! | file | contents |
//! | --- | --- |
//! | [`talk`], `talk_report` | the rehearsal of a talk, and its report |
//! | [`chat`] | the rehearsal of a conversation: members, deliveries, report |
//! | [`smoke`] | the smoke test |
//! | `presenter` | the presenter's account: its requests and its screen |
//! | `voter` | a participant: joins, connects, votes, reconnects |
//! | `vote_tracker` | the sent votes and the shown tallies of a question |
//! | `recorder` | the measurements and errors of all clients |
//! | `load_client`, `load_socket` | requests and frames |
//! | `latency`, `machine_info`, `print` | figures and their output |

pub mod chat;
mod latency;
mod load_client;
mod load_socket;
mod machine_info;
mod presenter;
mod print;
mod recorder;
pub mod smoke;
pub mod talk;
mod talk_report;
mod vote_tracker;
mod voter;

pub use chat::{ChatRehearsal, ChatReport};
pub use smoke::SmokeTest;
pub use talk::TalkRehearsal;
pub use talk_report::TalkReport;

/// The rehearsal to run.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    #[command(subcommand)]
    rehearsal: RehearsalCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum RehearsalCommand {
    /// Rehearse a talk: an audience joins by code, votes in a burst on every slide, and checks every tally
    Talk(TalkRehearsal),
    /// Rehearse a conversation: a team in one channel, each on a socket, measures how soon all have every message
    Chat(ChatRehearsal),
}

/// Returns the address of a generated account. A sign-up sends a mail, and mails to addresses that do not exist count against the sender.
/// This mailbox of SES accepts all mails and keeps none.
pub(crate) fn unbounced_address(label: &str) -> String {
    format!("success+{label}@simulator.amazonses.com")
}

/// Runs a rehearsal and prints its report.
///
/// # Errors
/// The rehearsal could not be run, or its verdict is negative: a tally is wrong, a screen does not show it, a message
/// is lost, or a call failed unexpectedly. Scripts see that by the exit code.
pub async fn run(load: LoadArgs) -> anyhow::Result<()> {
    match load.rehearsal {
        RehearsalCommand::Talk(talk) => {
            let report = talk.run().await?;
            print::print_report(&report, talk.json)?;
            report.verdict()
        }
        RehearsalCommand::Chat(chat) => {
            let report = chat.run().await?;
            print::print_report(&report, chat.json)?;
            report.verdict()
        }
    }
}
