//! The world of a system: a hub with its policies, two users in a call, and what is done to their sockets.

use crate::device::{Device, HELLO_AFTER};
use holdfast_protocol::{CallId, ParticipantId, PolicyPreset};
use holdfast_server::{Config, DirectoryMode};
use holdfast_tests::{
    log::EventLog,
    net::LinkProfile,
    world::{Hub, World},
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

pub(crate) fn world() -> World {
    World::new(1, LinkProfile::default(), EventLog::new())
}

/// Both kinds of call under this preset.
pub(crate) fn under(preset: PolicyPreset) -> Config {
    Config {
        room_policy: preset.policy(),
        direct_policy: preset.policy(),
        directory: DirectoryMode::On,
        ..Config::default()
    }
}

/// Two users in a direct call.
pub(crate) struct Pair {
    pub(crate) world: World,
    pub(crate) hub: Hub,
    pub(crate) ada: Device,
    pub(crate) bob: Device,
    pub(crate) call: CallId,
    /// Bob's place.
    pub(crate) bobs: ParticipantId,
}

impl Pair {
    pub(crate) async fn under(preset: PolicyPreset) -> Self {
        Self::with(under(preset)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let world = world();
        let hub = world.start_hub_with(1, config);
        let (mut ada, mut bob) =
            (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
        let call = ada.call(bob.user()).await.id;
        bob.accept().await;
        let bobs = ada.met().await;
        Self { world, hub, ada, bob, call, bobs }
    }
}

/// Takes a device's socket, and the way to the hub.
pub(crate) fn take_away(world: &World, device: &Device) {
    let (client, hub) = (device.host.ip(), world.hub_address().ip());
    world.network.refuse_tcp(client, hub, true);
    world.network.cut_tcp(client, hub);
}

/// The hub is in reach again, and the device tries at once.
pub(crate) async fn give_back(world: &World, device: &Device) {
    world.network.refuse_tcp(device.host.ip(), world.hub_address().ip(), false);
    device.hurry().await;
}

/// The same, so that its `hello` is at the hub at this very moment.
pub(crate) async fn give_back_at(world: &World, device: &Device, at: Instant) {
    sleep_until(at - HELLO_AFTER).await;
    give_back(world, device).await;
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
