//! What is on disks: rows as this version writes them must stay readable by every later one. A change that breaks this test
//! needs a migration.

use crate::samples::{call_id, user};
use holdfast_protocol::{CallStatus, EndReason, OutageCause};
use holdfast_server::store::{
    LogQuery, Store,
    sqlite::{DATABASE_FILE, SqliteStore},
};

const ROWS: &str = r#"
INSERT INTO calls (id, version, status, room, began, ended, deadline, leased_until, log, rest) VALUES (
  '0000ca11-0000-4000-8000-000000000001', 4, 'ended', NULL, 1000, 9000, NULL, 0,
  '{"id":"0000ca11-0000-4000-8000-000000000001","kind":{"is":"direct"},"status":"ended","began_unix_ms":1000,
    "active_unix_ms":2000,"ended_unix_ms":9000,"reason":"network-lost","talk_ms":5000,
    "caller":{"user":"00000011-0000-4000-8000-000000000001","name":"Ada"},
    "callee":{"user":"00000011-0000-4000-8000-000000000002"},
    "participants":[{"id":"0000ada0-0000-4000-8000-000000000001","user":"00000011-0000-4000-8000-000000000001",
      "name":"Ada","role":"host","incarnation":1,"reconnect_count":0,"joined_unix_ms":1000,"left_unix_ms":9000,
      "left_reason":"call-ended","outages":[{"since_unix_ms":3000,"cause":"hub-restart","returned":false}],
      "outages_omitted":0}],"participants_omitted":0}',
  '{"users":["00000011-0000-4000-8000-000000000001","00000011-0000-4000-8000-000000000002"],"claims":[],
    "deadline_unix_ms":null,"state":null}');
INSERT INTO call_users VALUES
  ('00000011-0000-4000-8000-000000000001', 1000, '0000ca11-0000-4000-8000-000000000001', 'ended');
INSERT INTO sessions VALUES ('000005e5-0000-4000-8000-000000000001',
  '{"id":"000005e5-0000-4000-8000-000000000001","user":"00000011-0000-4000-8000-000000000001","name":"Ada",
    "instance":"00001257-0000-4000-8000-000000000001","attempt":3,
    "token":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,255],
    "token_before":null,"calls":["0000ca11-0000-4000-8000-000000000002"]}');
INSERT INTO meta VALUES ('alive', 9500);
"#;

#[tokio::test]
async fn rows_of_version_1_are_readable() {
    let dir = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(dir.path()).await.unwrap());
    rusqlite::Connection::open(dir.path().join(DATABASE_FILE)).unwrap().execute_batch(ROWS).unwrap();

    let store = SqliteStore::open(dir.path()).await.unwrap();
    let (version, call) = store.call(call_id(1)).await.unwrap().unwrap();
    assert_eq!(
        (version, call.log.status, call.log.reason),
        (4, CallStatus::Ended, Some(EndReason::NetworkLost))
    );
    assert_eq!(call.log.participants[0].outages[0].cause, OutageCause::HubRestart);
    assert_eq!(call.users, [user(1), user(2)]);
    let query = LogQuery { user: Some(user(1)), limit: 9, ..LogQuery::default() };
    assert_eq!(store.log(query).await.unwrap().calls, [call.log]);
    let sessions = store.sessions().await.unwrap();
    assert_eq!((sessions.len(), sessions[0].token[31], sessions[0].attempt), (1, 255, 3));
    assert_eq!(store.last_alive().await.unwrap(), Some(9_500));
}
