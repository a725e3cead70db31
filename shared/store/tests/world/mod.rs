//! A store on the embedded engine at a fixed time.

use store::Store;
use testkit::TestCloud;

pub(crate) use testkit::{fixed_time as now, id};

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) _cloud: TestCloud,
}

pub(crate) async fn store_world() -> World {
    let cloud = TestCloud::at_fixed_time().await;
    World { store: cloud.store(), _cloud: cloud }
}
