//! `colloquy serve`: starts the local cloud, prints its URLs and new e-mail, and stops on Ctrl-C.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use local::{DataLocation, LocalCloud, LocalOptions, open_files};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::demo;

/// How often new e-mail is printed.
const MAIL_POLL_INTERVAL: Duration = Duration::from_millis(200);

#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// Port for HTTP and WebSocket on 127.0.0.1; 0 takes a free port
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Directory for data, or "memory" to store nothing
    #[arg(long, default_value = ".colloquy", value_name = "DIR|memory")]
    data: String,
    /// Create a demo account, a presentation and a running session
    #[arg(long)]
    demo: bool,
    /// Inject faults of the cloud: duplicate, delay and reorder jobs, throttle the table, drop $disconnect, cut
    /// sockets. The same seed repeats the same faults
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
    /// With --chaos, the share of frames to clients that are lost, duplicated or reordered, such as 0.2
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "chaos", value_parser = parse_share)]
    chaos_frames: f64,
    /// Run the functions through the Invoke API of `cargo lambda watch` at this URL, such as <http://127.0.0.1:9000>
    #[arg(long, value_name = "URL")]
    lambda: Option<reqwest::Url>,
    /// Template to run instead of ./template.yaml
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Set a parameter of the template, such as FirstAdminEmail=ana@example.com
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parse_assignment)]
    parameters: Vec<(String, String)>,
    /// Plan of new accounts: free, pro, or enterprise (no limits). The default is that of the template
    #[arg(long, value_name = "PLAN", value_parser = ["free", "pro", "enterprise"])]
    plan: Option<String>,
    /// Who may register: open (every person), domains (with --sign-up-domains), invited or closed. The default is that of the template
    #[arg(long, value_name = "MODE", value_parser = ["open", "domains", "invited", "closed"])]
    sign_up: Option<String>,
    /// Domains of addresses that may register with --sign-up domains, such as example.com,example.org
    #[arg(long, value_name = "DOMAINS")]
    sign_up_domains: Option<String>,
    /// Log level on standard error: error, warn, info (a line for each event) or debug
    #[arg(long, env = "LOG_LEVEL", default_value = "warn", value_name = "LEVEL")]
    log_level: String,
}

fn parse_assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must have the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

impl ServeArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        init_logging(&self.log_level)?;
        open_files::raise_limit();
        let data = match self.data.as_str() {
            "memory" if self.lambda.is_some() => {
                anyhow::bail!(
                    "--lambda needs a directory for --data, because it stores the functions' settings there"
                )
            }
            "memory" => DataLocation::Memory,
            dir => DataLocation::Dir(PathBuf::from(dir)),
        };
        let local = LocalCloud::start(LocalOptions {
            port: self.port,
            data,
            chaos: self.chaos,
            chaos_frames: self.chaos_frames,
            lambda: self.lambda.clone(),
            template: self.template.clone(),
            parameters: self.parameters(),
            ..LocalOptions::default()
        })
        .await?;
        // before the demo, whose e-mail is not worth printing
        let seen = local.emulator().ses().emails().len();
        self.print_banner(&local);
        if self.demo {
            match demo::prepare(&local).await {
                Ok(demo) => print_line(&demo.to_string()),
                // the system runs without the demo
                Err(error) => print_line(&format!("  the demo content could not be created: {error:#}\n")),
            }
        }
        tokio::select! {
            () = print_new_mail(&local, seen) => {}
            stopped = stop_signal() => stopped?,
        }
        print_line("Stopping.");
        local.stop().await;
        Ok(())
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let named = [
            ("DefaultPlan", &self.plan),
            ("SignUp", &self.sign_up),
            ("SignUpDomains", &self.sign_up_domains),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| (name.to_owned(), value.clone())));
        named.chain(self.parameters.iter().cloned()).collect()
    }

    fn print_banner(&self, local: &LocalCloud) {
        let url = local.url();
        let data = if self.data == "memory" {
            "in memory, dropped at the end".to_owned()
        } else {
            self.data.clone()
        };
        let mut lines = vec![
            String::new(),
            "Colloquy is running.".to_owned(),
            String::new(),
            format!("  API      {url}"),
            format!("  docs     {url}/docs"),
            format!("  socket   {}", local.socket_url()),
            format!("  status   {url}/_local    requests, sockets, queues, e-mail, cost"),
            format!("  data     {data}"),
        ];
        if let Some(seed) = self.chaos {
            let frames = match self.chaos_frames {
                0.0 => String::new(),
                share => format!(", {share} of frames to clients"),
            };
            lines.push(format!("  chaos    seed {seed}{frames}"));
        }
        if let Some(lambda) = &self.lambda {
            lines.push(format!("  lambda   {lambda}"));
            lines.push(format!(
                "           cargo build && cargo lambda watch -A 127.0.0.1 -P {} --ignore-changes --concurrency 4 --env-file {}/lambda.env",
                lambda.port_or_known_default().unwrap_or(9000),
                self.data
            ));
        }
        lines.extend([String::new(), "Press Ctrl-C to stop.".to_owned(), String::new()]);
        print_line(&lines.join("\n"));
    }
}

/// Prints each new e-mail with its links. Never returns.
async fn print_new_mail(local: &LocalCloud, mut seen: usize) {
    let ses = local.emulator().ses();
    loop {
        tokio::time::sleep(MAIL_POLL_INTERVAL).await;
        let all = ses.emails();
        for mail in all.iter().skip(seen) {
            print_line(&format!("e-mail to {}: {}", mail.to.join(", "), mail.subject));
            for link in &mail.links {
                print_line(&format!("     {link}"));
            }
        }
        seen = all.len();
    }
}

/// Waits for Ctrl-C or for SIGTERM of a service manager.
async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}

/// Starts logging in a readable format. The logs of a Lambda function are JSON.
fn init_logging(level: &str) -> anyhow::Result<()> {
    // the table's engine logs a failed condition as a warning, but for the product it is a normal result
    let quiet = "aws_config=warn,aws_smithy_runtime=warn,dynoxide=error,hyper=warn,hyper_util=warn,reqwest=warn,tungstenite=warn";
    let filter = EnvFilter::try_new(format!("{level},{quiet}")).context("--log-level")?;
    let format = tracing_subscriber::fmt()
        .compact()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    format.try_init().map_err(|error| anyhow::anyhow!(error))
}

/// Prints a line. A closed pipe, as in `colloquy | head`, does not stop the server.
fn print_line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
