//! The store that the settings name, opened.

use super::{
    Store,
    memory::MemoryStore,
    sqlite::{OpenError, SqliteStore},
};
use crate::config::{Config, StoreKind};
use std::sync::Arc;

/// Opens it.
///
/// # Errors
/// When the database cannot be used as it is.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Store>, OpenError> {
    if let Some(store) = &config.store.given {
        return Ok(Arc::clone(store));
    }
    Ok(match config.store.kind {
        StoreKind::Sqlite => Arc::new(SqliteStore::open(&config.data_dir).await?),
        StoreKind::Memory => {
            tracing::warn!(
                "nothing is stored (--store memory): a restart ends every call and forgets the log"
            );
            Arc::new(MemoryStore::default())
        }
    })
}
