//! Rehearses an event before the audience comes: real clients against any deployment, through public URLs only, and a
//! table of how it went. Smokes a deployment that is new: one client, and a line for each thing that works or not. Knows
//! nothing of the deployment but its URL.
//!
//! | file | what |
//! | --- | --- |
//! | [`talk`] | the course of a talk, and its report |
//! | [`chat`] | the course of a conversation: its members, what they hear, and its report |
//! | [`smoke`] | one person's talk, check by check |
//! | `presenter` | the account that presents: its requests, its screen |
//! | `voter` | one of the audience: join, connect, vote, come back |
//! | `ballot` | what was cast and what was shown, for one question |
//! | `book` | what all clients write down while it runs |
//! | `api`, `socket` | requests and frames |
//! | `latency`, `machine`, `report`, `printed` | figures and how they are printed |

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

/// What to rehearse.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    #[command(subcommand)]
    rehearsal: RehearsalCommand,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum RehearsalCommand {
    /// A talk: an audience joins by code, votes in a burst on every slide, and checks every tally
    Talk(TalkRehearsal),
    /// A conversation: a team in one channel, each on a socket, and how soon everyone has every message
    Chat(ChatRehearsal),
}

/// Runs it and prints the figures.
///
/// # Errors
/// Also where a tally is not what was voted, a screen does not show it, or a message is lost: scripts see it by the exit code.
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
