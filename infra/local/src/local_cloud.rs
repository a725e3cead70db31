//! A running local cloud, with all resources of `template.yaml`.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::Context as _;
use emulator::{Chaos, DataLocation, Emulator, IamConfig};
use entry::{AwsConnections, Clock, Environment};
use futures::future::try_join_all;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    data_lock::DataLock,
    environment_file, event_source,
    functions::FunctionRegistry,
    gateway::{
        context::GatewayContext,
        listener::{self, ApiGateway},
    },
    http::routes::RouteTable,
    options::LocalOptions,
    runner::{FunctionCode, FunctionRunner},
    schedules::ScheduleRunner,
    sockets::socket_gateway::SocketGateway,
    template::{EventSourceMapping, FunctionSpec, LocalSecrets, SamTemplate},
    traffic_record::TrafficRecord,
};

/// How often the quotas of sockets are checked. The injected clock may jump.
const QUOTA_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// How long a stop waits for sockets and invocations.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// A running local cloud. Dropping it aborts everything. [`stop`](Self::stop) closes sockets and finishes invocations.
pub struct LocalCloud {
    gateway: Arc<ApiGateway>,
    event_sources: Vec<EventSourceMapping>,
    chaos: Option<Chaos>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _data_lock: Option<DataLock>,
}

impl LocalCloud {
    /// Starts the local cloud. The functions run on the current tokio runtime.
    pub async fn start(options: LocalOptions) -> anyhow::Result<Self> {
        let lock = match &options.data {
            DataLocation::Dir(dir) => Some(DataLock::acquire(dir)?),
            DataLocation::Memory => None,
        };
        let listener = listen(options.port).await?;
        let authority = format!("127.0.0.1:{}", listener.local_addr()?.port());
        let mut template = read_template(&options, &authority)?;
        let frame_faults = options.chaos_frames;
        let chaos = options.chaos.map(|seed| Chaos { frame_faults, ..Chaos::from_seed(seed) });

        let clock = options.clock.clone();
        let now: emulator::TimeSource = {
            let clock = clock.clone();
            Arc::new(move || clock.millis())
        };
        let socket_api = template.socket_api()?;
        let socket_arn = socket_api.as_ref().map(|api| format!("{}/{}", api.id, api.stage));
        let emulator = Emulator::start(emulator::EmulatorOptions {
            now,
            data: options.data.clone(),
            port: 0,
            tables: template.tables()?,
            queues: template.queues()?,
            chaos: chaos.clone(),
            iam: IamConfig { roles: template.roles()?, socket_api: socket_arn.unwrap_or_default() },
        })
        .await?;
        template.set_parameters([("SocketEndpoint", emulator.socket_endpoint())])?;
        template.set_queue_base_url(format!("{}/queues", emulator.url()));

        let mut functions = template.functions()?;
        for function in &mut functions {
            add_lambda_environment(function, &emulator);
            // `cargo lambda watch` gives all functions one environment, so they are one caller: the administrator
            if options.lambda.is_none() {
                function.environment.insert("AWS_ACCESS_KEY_ID".into(), function.id.clone());
            }
        }
        if let (Some(_), DataLocation::Dir(dir)) = (&options.lambda, &options.data) {
            environment_file::write_environment_file(&functions, &dir.join("lambda.env"))?;
        }
        let functions =
            load_functions(functions, &options.functions, options.lambda.as_ref(), &clock).await?;
        let runner = Arc::new(FunctionRunner::new(functions, clock.clone()));
        let mappings = template.event_source_mappings()?;
        let context = Arc::new(GatewayContext {
            schedules: ScheduleRunner::new(template.schedules()?, Arc::clone(&runner), clock.clone()),
            consumed_queues: mappings.iter().map(|mapping| mapping.queue.clone()).collect(),
            emulator: Arc::new(emulator),
            traffic: TrafficRecord::default(),
            started: clock.now(),
            authority,
            clock,
            runner,
        });
        let sockets =
            socket_api.map(|api| Arc::new(SocketGateway::new(Arc::clone(&context), api, chaos.as_ref())));
        let gateway = Arc::new(ApiGateway {
            routes: RouteTable::new(template.http_routes()?),
            sockets,
            context: Arc::clone(&context),
        });
        let (stop, stopping) = watch::channel(false);
        let mut tasks = vec![
            tokio::spawn(listener::serve(listener, Arc::clone(&gateway), stopping)),
            tokio::spawn(context.schedules.clone().run_until_aborted()),
            tokio::spawn(close_expired_sockets(Arc::clone(&gateway))),
            tokio::spawn(delete_expired_items(Arc::clone(&context))),
        ];
        for mapping in &mappings {
            // The pollers of the last process may have received messages. Waiting for their visibility timeout would
            // take minutes.
            context.emulator.sqs().release_in_flight(&mapping.queue);
            tasks.push(tokio::spawn(event_source::poll_queue(
                mapping.clone(),
                Arc::clone(&context),
                options.retry_after,
            )));
        }
        Ok(Self { gateway, event_sources: mappings, chaos, stop, tasks, _data_lock: lock })
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.gateway.context.authority)
    }

    /// The URL of the socket: `ws://127.0.0.1:PORT/local`.
    pub fn socket_url(&self) -> String {
        public_socket_url(&self.gateway.context.authority)
    }

    pub fn clock(&self) -> &Clock {
        &self.gateway.context.clock
    }

    pub fn emulator(&self) -> &Emulator {
        &self.gateway.context.emulator
    }

    pub fn runner(&self) -> &Arc<FunctionRunner> {
        &self.gateway.context.runner
    }

    /// Returns how often a kind of fault happened under chaos, such as `table.throttle`.
    pub fn fault_count(&self, kind: &str) -> u64 {
        self.chaos.as_ref().map_or(0, |chaos| chaos.counts.get(kind))
    }

    /// The number of open sockets.
    pub fn open_socket_count(&self) -> usize {
        self.gateway.sockets.as_ref().map_or(0, |sockets| sockets.count())
    }

    /// Runs every schedule once, then the table's TTL, as AWS does within a minute.
    pub async fn run_schedules(&self) {
        self.gateway.context.run_schedules().await;
    }

    /// Waits until no function runs, and no queue that a function reads has visible or in-flight messages. Delayed
    /// messages do not count. Under chaos they do, because its delays are short.
    pub async fn wait_until_idle(&self) {
        // twice, because a message is in no queue while a function is about to send it
        let mut quiet = 0;
        while quiet < 2 {
            quiet = if self.is_idle() { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_idle(&self) -> bool {
        let queues = self.gateway.context.emulator.sqs();
        self.gateway.context.runner.running_count() == 0
            && self.event_sources.iter().all(|mapping| {
                let depth = queues.depth(&mapping.queue);
                depth.visible == 0 && depth.in_flight == 0 && (self.chaos.is_none() || depth.delayed == 0)
            })
    }

    /// Closes the sockets, waits for running invocations, and stops.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Some(sockets) = &self.gateway.sockets {
            sockets.close_all();
        }
        let done = async {
            while self.open_socket_count() > 0 || self.gateway.context.runner.running_count() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(STOP_TIMEOUT, done).await;
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        // each open socket holds the local cloud
        if let Some(sockets) = &self.gateway.sockets {
            sockets.close_all();
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!(
                "port {port} is in use, perhaps by another local cloud: choose another with --port"
            )
        }
        _ => anyhow::anyhow!("cannot listen on port {port}: {error}"),
    })
}

fn public_socket_url(authority: &str) -> String {
    format!("ws://{authority}/{STAGE_NAME}")
}

/// The name of the stage, which is also the path of the socket.
const STAGE_NAME: &str = "local";

fn read_template(options: &LocalOptions, authority: &str) -> anyhow::Result<SamTemplate> {
    let secrets = match &options.data {
        DataLocation::Dir(dir) => LocalSecrets::in_file(&dir.join("secrets.json"))?,
        DataLocation::Memory => LocalSecrets::in_memory(),
    };
    let mut template = SamTemplate::read(options.template.as_deref(), secrets)?;
    template.set_parameters([
        ("Stage", STAGE_NAME),
        ("PublicUrl", &format!("http://{authority}")),
        ("SocketUrl", &public_socket_url(authority)),
        ("AllowTokenInUrl", "true"),
        // `entry` reads `:*` as any port
        ("AllowedOrigins", "http://localhost:*,http://127.0.0.1:*"),
    ])?;
    template.set_parameters(&options.parameters)?;
    template.generate_secrets()?;
    Ok(template)
}

/// Adds the variables that Lambda sets, and the endpoints of the emulated services.
fn add_lambda_environment(function: &mut FunctionSpec, emulator: &Emulator) {
    let variables = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        // `/_local` shows the cost; this is never set in a deployment, whose responses strangers see
        ("SHOW_COST", "true".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
    ];
    function.environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
    function.environment.extend(emulator.lambda_environment());
}

async fn load_functions(
    functions: Vec<FunctionSpec>,
    registry: &FunctionRegistry,
    lambda: Option<&reqwest::Url>,
    clock: &Clock,
) -> anyhow::Result<Vec<(FunctionSpec, FunctionCode)>> {
    if let Some(endpoint) = lambda {
        // the runner enforces the timeout of the function, so the client has none
        let client = reqwest::Client::builder().build()?;
        let remote = || FunctionCode::Remote { client: client.clone(), endpoint: endpoint.clone() };
        return Ok(functions.into_iter().map(|function| (function, remote())).collect());
    }
    registry.check_against_template(functions.iter().map(|function| function.binary.as_str()))?;
    let connections = &AwsConnections::default();
    let start = |function: FunctionSpec| async move {
        let environment = Environment::new(function.environment.clone(), clock.clone())
            .with_connections(connections.clone());
        let handler = registry.start(&function.binary, environment).await;
        let handler = handler.with_context(|| format!("the function {} does not start", function.binary))?;
        anyhow::Ok((function, FunctionCode::InProcess(handler)))
    };
    // The functions that publish the keys of tokens start first, so that the others read them when they start. Otherwise chance
    // decides which first request pays for it.
    let (signers, verifiers): (Vec<_>, Vec<_>) =
        functions.into_iter().partition(|function| function.environment.contains_key("SIGNING_SECRET"));
    let mut loaded = try_join_all(signers.into_iter().map(start)).await?;
    loaded.extend(try_join_all(verifiers.into_iter().map(start)).await?);
    Ok(loaded)
}

async fn close_expired_sockets(gateway: Arc<ApiGateway>) {
    let mut ticks = tokio::time::interval(QUOTA_CHECK_INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(sockets) = &gateway.sockets {
            sockets.close_expired(gateway.context.clock.millis());
        }
    }
}

async fn delete_expired_items(context: Arc<GatewayContext>) {
    let mut ticks = tokio::time::interval(Duration::from_mins(1));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        context.emulator.delete_expired_items().await;
    }
}
