//! What the directory knows, without locks and waiting.

use super::{
    BURST, DIALS_PER_MINUTE, Found, Present, QUERIES_PER_MINUTE, QUERIES_PER_SECOND, SCAN_MAX, Scope,
    WATCHERS_MAX,
};
use crate::{call::view::Share, rate::Bucket, session::Session};
use holdfast_protocol::{
    CallId, DirectoryEntry, DirectoryQuery, DisplayName, IncomingCall, Presence, SessionId, UserId,
    limits::DIRECTORY_USERS_MAX,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

#[derive(Debug)]
pub(super) struct State {
    users: HashMap<UserId, User>,
    /// Who has a connected device, in the order of the answers.
    online: BTreeSet<(String, UserId)>,
    watched: HashMap<UserId, VecDeque<SessionId>>,
    /// What each session watches, and what it believes.
    watches: HashMap<SessionId, (UserId, Vec<(UserId, Presence)>)>,
    /// Whose presence may have changed since the watchers were told.
    changed: HashSet<UserId>,
    queries: Bucket,
}

#[derive(Debug, Default)]
struct User {
    name: Option<DisplayName>,
    devices: BTreeMap<SessionId, Device>,
    calls: BTreeMap<CallId, (Presence, Option<IncomingCall>)>,
}

#[derive(Debug)]
struct Device {
    session: Arc<Session>,
    attachment: u32,
    is_attached: bool,
    queries: Bucket,
    dials: Bucket,
}

impl State {
    pub(super) fn new(now: u64) -> Self {
        Self {
            users: HashMap::new(),
            online: BTreeSet::new(),
            watched: HashMap::new(),
            watches: HashMap::new(),
            changed: HashSet::new(),
            queries: Bucket::new(60 * QUERIES_PER_SECOND, 2 * BURST, now),
        }
    }

    pub(super) fn attached(&mut self, session: &Arc<Session>, attachment: u32, now: u64) {
        let id = session.user;
        // News that comes after the session's end would stay for ever.
        if session.has_ended() {
            return;
        }
        let user = self.users.entry(id).or_default();
        if let Some(name) = user.name.replace(session.name.clone()) {
            self.online.remove(&(name.as_str().to_lowercase(), id));
        }
        let device = user.devices.entry(session.id).or_insert_with(|| Device {
            session: Arc::clone(session),
            attachment,
            is_attached: true,
            queries: Bucket::new(QUERIES_PER_MINUTE, BURST, now),
            dials: Bucket::new(DIALS_PER_MINUTE, BURST, now),
        });
        if attachment >= device.attachment {
            (device.attachment, device.is_attached) = (attachment, true);
        }
        // News of an earlier socket may come after the later one's loss.
        if user.is_online() {
            self.online.insert((session.name.as_str().to_lowercase(), id));
        }
        self.mark(id);
        // What it has missed while it was away.
        if let Some((_, watch)) = self.watches.get(&session.id) {
            self.changed.extend(watch.iter().map(|(user, _)| *user));
        }
    }

    pub(super) fn detached(&mut self, user: UserId, session: SessionId, attachment: u32) {
        let device = self.users.get_mut(&user).and_then(|user| user.devices.get_mut(&session));
        if let Some(device) = device.filter(|device| device.attachment == attachment) {
            device.is_attached = false;
        }
        self.settle(user);
    }

    pub(super) fn forget(&mut self, user: UserId, session: SessionId) {
        self.unwatch(session);
        if let Some(user) = self.users.get_mut(&user) {
            user.devices.remove(&session);
        }
        self.settle(user);
    }

    pub(super) fn note(&mut self, call: CallId, before: &[Share], now: &[Share]) {
        for share in before {
            if let Some(user) = self.users.get_mut(&share.user) {
                user.calls.remove(&call);
            }
        }
        for share in now {
            let user = self.users.entry(share.user).or_default();
            user.calls.insert(call, (share.presence, share.incoming.clone()));
        }
        for share in before.iter().chain(now) {
            self.settle(share.user);
        }
    }

    /// After a change that may have been the last of a user.
    fn settle(&mut self, id: UserId) {
        self.mark(id);
        let Some(user) = self.users.get(&id) else { return };
        if !user.is_online()
            && let Some(name) = &user.name
        {
            self.online.remove(&(name.as_str().to_lowercase(), id));
        }
        if user.devices.is_empty() && user.calls.is_empty() {
            self.users.remove(&id);
        }
    }

    fn mark(&mut self, user: UserId) {
        if self.watched.contains_key(&user) {
            self.changed.insert(user);
        }
    }

    pub(super) fn devices(&self, user: UserId) -> Vec<Arc<Session>> {
        let devices = self.users.get(&user).into_iter().flat_map(|user| user.devices.values());
        devices.map(|device| Arc::clone(&device.session)).collect()
    }

    pub(super) fn name(&self, user: UserId) -> Option<DisplayName> {
        self.users.get(&user)?.name.clone()
    }

    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(User::is_online)
    }

    pub(super) fn presence(&self, user: UserId) -> Presence {
        self.users.get(&user).map_or(Presence::Offline, User::presence)
    }

    pub(super) fn incoming(&self, user: UserId, now: u64) -> Vec<IncomingCall> {
        let calls = self.users.get(&user).into_iter().flat_map(|user| user.calls.values());
        let incoming = calls.filter_map(|(_, incoming)| incoming.clone());
        incoming
            .map(|call| IncomingCall { ms_left: call.deadline_unix_ms.saturating_sub(now), ..call })
            .collect()
    }

    pub(super) fn admit_dial(&mut self, user: UserId, session: SessionId, now: u64) -> Result<(), u64> {
        let device = self.users.get_mut(&user).and_then(|user| user.devices.get_mut(&session));
        device.map_or(Ok(()), |device| device.dials.take(now))
    }

    pub(super) fn search(
        &mut self,
        user: UserId,
        session: SessionId,
        query: &DirectoryQuery,
        now: u64,
    ) -> Result<Found, u64> {
        let device = self.users.get_mut(&user).and_then(|user| user.devices.get_mut(&session));
        let Some(device) = device else { return Ok((Vec::new(), false)) };
        device.queries.take(now)?;
        self.queries.take(now)?;
        let mut found = Vec::new();
        let mut more = self.online.len() > SCAN_MAX;
        for (_, id) in self.online.iter().take(SCAN_MAX).filter(|(_, id)| *id != user) {
            let Some(name) = self.users.get(id).and_then(|user| user.name.as_ref()) else { continue };
            if query.finds(name) {
                if found.len() == DIRECTORY_USERS_MAX {
                    more = true;
                    break;
                }
                found.push(DirectoryEntry { user: *id, name: name.clone(), presence: self.presence(*id) });
            }
        }
        self.watch(user, session, &found);
        Ok((found, more))
    }

    pub(super) fn list(
        &mut self,
        scope: Scope,
        after: Option<UserId>,
        limit: usize,
        now: u64,
    ) -> Result<Vec<Present>, u64> {
        let later = |id: &UserId| after.is_none_or(|after| *id > after);
        let mut ids: Vec<UserId> = match scope {
            Scope::Only(user) => vec![user],
            Scope::OnlineAnd(user) => {
                self.queries.take(now)?;
                let online = self.users.iter().filter(|(id, user)| user.is_online() && later(id));
                online.map(|(id, _)| *id).chain([user]).collect()
            }
            Scope::All => self.users.keys().copied().collect(),
        };
        ids.retain(later);
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(limit);
        let present = |user| Present { user, name: self.name(user), presence: self.presence(user) };
        Ok(ids.into_iter().map(present).collect())
    }

    fn watch(&mut self, user: UserId, session: SessionId, found: &[DirectoryEntry]) {
        self.unwatch(session);
        for entry in found {
            let watchers = self.watched.entry(entry.user).or_default();
            watchers.push_back(session);
            let too_many = if watchers.len() > WATCHERS_MAX { watchers.pop_front() } else { None };
            if let Some((_, watch)) = too_many.and_then(|oldest| self.watches.get_mut(&oldest)) {
                watch.retain(|(watched, _)| *watched != entry.user);
            }
        }
        let believed = found.iter().map(|entry| (entry.user, entry.presence)).collect();
        self.watches.insert(session, (user, believed));
    }

    pub(super) fn unwatch(&mut self, session: SessionId) {
        for (user, _) in self.watches.remove(&session).into_iter().flat_map(|(_, watch)| watch) {
            if let Some(watchers) = self.watched.get_mut(&user) {
                watchers.retain(|watcher| *watcher != session);
                if watchers.is_empty() {
                    self.watched.remove(&user);
                }
            }
        }
    }

    /// What watchers are to be told, of at most `users` users.
    pub(super) fn take_news(&mut self, users: usize) -> Vec<(Arc<Session>, UserId, Presence)> {
        let some: Vec<UserId> = self.changed.iter().copied().take(users).collect();
        let mut news = Vec::new();
        for user in some {
            self.changed.remove(&user);
            let presence = self.presence(user);
            for watcher in self.watched.get(&user).into_iter().flatten() {
                let Some((owner, watch)) = self.watches.get_mut(watcher) else { continue };
                let device = self.users.get(owner).and_then(|owner| owner.devices.get(watcher));
                // Who is away is told on its return.
                let Some(device) = device.filter(|device| device.is_attached) else { continue };
                let believed = watch.iter_mut().find(|(watched, _)| *watched == user);
                if let Some((_, believed)) = believed.filter(|(_, believed)| *believed != presence) {
                    *believed = presence;
                    news.push((Arc::clone(&device.session), user, presence));
                }
            }
        }
        news
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.online.is_empty()
            && self.watched.is_empty()
            && self.watches.is_empty()
            && self.changed.is_empty()
    }

    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }
}

impl User {
    fn is_online(&self) -> bool {
        self.devices.values().any(|device| device.is_attached)
    }

    fn presence(&self) -> Presence {
        let has = |presence| self.calls.values().any(|(here, _)| *here == presence);
        if has(Presence::InCall) {
            Presence::InCall
        } else if has(Presence::Reconnecting) {
            Presence::Reconnecting
        } else if !self.is_online() {
            Presence::Offline
        } else if has(Presence::Ringing) {
            Presence::Ringing
        } else {
            Presence::Online
        }
    }
}
