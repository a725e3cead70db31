//! A running stack: everything that `template.yaml` describes.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::Context as _;
use emulator::{Chaos, DataLocation, Emulator, IamConfig};
use entry::{Clock, Environment};
use futures::future::try_join_all;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    doors::FunctionRegistry,
    environment_file,
    gateway::{self, ApiGateway},
    http::routes::RouteTable,
    lock::DataLock,
    options::LocalOptions,
    queues,
    record::TrafficRecord,
    runner::{FunctionCode, FunctionRunner},
    schedules::ScheduleRunner,
    sockets::SocketGateway,
    template::{EventSourceMapping, FunctionSpec, LocalSecrets, SamTemplate},
};

/// How often the sockets' quotas are looked at; time may jump by the injected clock.
const QUOTA_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// What a stop waits for sockets and invocations.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// A local cloud that runs. Dropping it aborts everything; [`stop`](Self::stop) is the polite way.
pub struct LocalCloud {
    gateway: Arc<ApiGateway>,
    event_sources: Vec<EventSourceMapping>,
    chaos: Option<Chaos>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _data_lock: Option<DataLock>,
}

impl LocalCloud {
    /// Runs the functions on the current tokio runtime.
    pub async fn start(options: LocalOptions) -> anyhow::Result<Self> {
        let lock = match &options.data {
            DataLocation::Dir(dir) => Some(DataLock::acquire(dir)?),
            DataLocation::Memory => None,
        };
        let listener = listen(options.port).await?;
        let authority = format!("127.0.0.1:{}", listener.local_addr()?.port());
        let mut template = read_template(&options, &authority)?;
        let frames = options.chaos_frames;
        let chaos = options.chaos.map(|seed| Chaos { frame_faults: frames, ..Chaos::from_seed(seed) });

        let clock = options.clock.clone();
        let now: emulator::TimeSource = {
            let clock = clock.clone();
            Arc::new(move || clock.millis())
        };
        let socket_api = template.socket_api()?;
        let socket_arn = socket_api.as_ref().map(|api| format!("{}/{}", api.id, api.stage));
        let cloud = Emulator::start(emulator::EmulatorOptions {
            now,
            data: options.data.clone(),
            port: 0,
            tables: template.tables()?,
            queues: template.queues()?,
            chaos: chaos.clone(),
            iam: IamConfig { roles: template.roles()?, socket_api: socket_arn.unwrap_or_default() },
        })
        .await?;
        template.set_parameters([("SocketEndpoint", cloud.socket_endpoint())])?;
        template.set_queue_base_url(format!("{}/queues", cloud.url()));

        let mut functions = template.functions()?;
        for function in &mut functions {
            add_lambda_environment(function, &cloud);
            // `cargo lambda watch` gives all functions one environment, hence one caller: the administrator
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
        let gateway = Arc::new(ApiGateway {
            consumed_queues: mappings.iter().map(|mapping| mapping.queue.clone()).collect(),
            routes: RouteTable::new(template.http_routes()?),
            sockets: socket_api.map(|api| SocketGateway::new(api, chaos.as_ref())),
            schedules: ScheduleRunner::new(template.schedules()?, Arc::clone(&runner), clock.clone()),
            emulator: Arc::new(cloud),
            traffic: TrafficRecord::default(),
            started: clock.now(),
            authority,
            clock,
            runner,
        });
        let (stop, stopping) = watch::channel(false);
        let mut tasks = vec![
            tokio::spawn(gateway::serve(listener, Arc::clone(&gateway), stopping)),
            tokio::spawn(gateway.schedules.clone().run_until_aborted()),
            tokio::spawn(close_expired_sockets(Arc::clone(&gateway))),
            tokio::spawn(delete_expired_items(Arc::clone(&gateway))),
        ];
        for mapping in &mappings {
            // received by pollers that died with the last process; for their visibility to pass would take minutes
            gateway.emulator.sqs().release_in_flight(&mapping.queue);
            tasks.push(tokio::spawn(queues::poll_queue(
                mapping.clone(),
                Arc::clone(&gateway),
                options.retry_after,
            )));
        }
        Ok(Self { gateway, event_sources: mappings, chaos, stop, tasks, _data_lock: lock })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.gateway.authority)
    }

    /// `ws://127.0.0.1:PORT/local`
    pub fn socket_url(&self) -> String {
        public_socket_url(&self.gateway.authority)
    }

    pub fn clock(&self) -> &Clock {
        &self.gateway.clock
    }

    pub fn emulator(&self) -> &Emulator {
        &self.gateway.emulator
    }

    pub fn runner(&self) -> &Arc<FunctionRunner> {
        &self.gateway.runner
    }

    /// How often a sort of fault happened under chaos, such as `table.throttle`.
    pub fn fault_count(&self, what: &str) -> u64 {
        self.chaos.as_ref().map_or(0, |chaos| chaos.counts.get(what))
    }

    /// Open sockets.
    pub fn open_socket_count(&self) -> usize {
        self.gateway.sockets.as_ref().map_or(0, SocketGateway::count)
    }

    /// Runs every schedule once, and the table's TTL, as a minute of AWS would.
    pub async fn run_schedules(&self) {
        self.gateway.run_schedules().await;
    }

    /// Waits until no function runs and no queue that a function reads holds a message that is visible or in
    /// flight. Messages of a later time do not count, except under chaos, whose delays are short.
    pub async fn wait_until_idle(&self) {
        // twice, because a message is neither here nor there while a function hands it over
        let mut quiet = 0;
        while quiet < 2 {
            quiet = if self.is_idle() { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_idle(&self) -> bool {
        let queues = self.gateway.emulator.sqs();
        self.gateway.runner.running_count() == 0
            && self.event_sources.iter().all(|mapping| {
                let depth = queues.depth(&mapping.queue);
                depth.visible == 0 && depth.in_flight == 0 && (self.chaos.is_none() || depth.delayed == 0)
            })
    }

    /// Closes the sockets, lets what runs come to its end, and stops.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Some(sockets) = &self.gateway.sockets {
            sockets.close_all();
        }
        let done = async {
            while self.open_socket_count() > 0 || self.gateway.runner.running_count() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(STOP_TIMEOUT, done).await;
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        // each open socket holds the cloud
        if let Some(sockets) = &self.gateway.sockets {
            sockets.close_all();
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl ApiGateway {
    pub(crate) async fn run_schedules(&self) {
        self.schedules.run_all().await;
        self.emulator.delete_expired_items().await;
    }
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {port} is taken, perhaps by another local cloud; choose one with --port")
        }
        _ => anyhow::anyhow!("cannot listen on port {port}: {error}"),
    })
}

fn public_socket_url(authority: &str) -> String {
    format!("ws://{authority}/{STAGE_NAME}")
}

/// Name of the stage, hence the path of the socket.
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

/// What Lambda adds to a function's environment, and where the emulated services are.
fn add_lambda_environment(function: &mut FunctionSpec, cloud: &Emulator) {
    let own = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        // what `/_local` shows; never set where strangers see the answers
        ("SHOW_COST", "true".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
    ];
    function.environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    function.environment.extend(cloud.lambda_environment());
}

async fn load_functions(
    functions: Vec<FunctionSpec>,
    doors: &FunctionRegistry,
    lambda: Option<&reqwest::Url>,
    clock: &Clock,
) -> anyhow::Result<Vec<(FunctionSpec, FunctionCode)>> {
    if let Some(endpoint) = lambda {
        // no timeout of its own: the function's is enforced by the runner
        let client = reqwest::Client::builder().build()?;
        let remote = || FunctionCode::Remote { client: client.clone(), endpoint: endpoint.clone() };
        return Ok(functions.into_iter().map(|function| (function, remote())).collect());
    }
    doors.check_against_template(functions.iter().map(|function| function.binary.as_str()))?;
    try_join_all(functions.into_iter().map(|function| async move {
        let environment = Environment::new(function.environment.clone(), clock.clone());
        let handler = doors.start(&function.binary, environment).await;
        let handler = handler.with_context(|| format!("{} does not start", function.binary))?;
        Ok((function, FunctionCode::InProcess(handler)))
    }))
    .await
}

async fn close_expired_sockets(gateway: Arc<ApiGateway>) {
    let mut ticks = tokio::time::interval(QUOTA_CHECK_INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(sockets) = &gateway.sockets {
            sockets.close_expired(gateway.clock.millis());
        }
    }
}

async fn delete_expired_items(gateway: Arc<ApiGateway>) {
    let mut ticks = tokio::time::interval(Duration::from_mins(1));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        gateway.emulator.delete_expired_items().await;
    }
}
