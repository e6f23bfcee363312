//! Names that authkeeper reads and writes on objects. They are an API: the next release reads them.

/// On M: `<namespace>/<name>` of the configuration that the Secret belongs to.
pub const OWNER: &str = "authkeeper.dev/owner";
/// On M: when the credential was asked for (RFC 3339).
pub const ISSUED_AT: &str = "authkeeper.dev/issued-at";
/// On M: when the credential ends (RFC 3339); absent when it has no end.
pub const EXPIRES_AT: &str = "authkeeper.dev/expires-at";
/// On M: which member of the answer stated the end.
pub const EXPIRY_SOURCE: &str = "authkeeper.dev/expiry-source";
/// On M: keyed digest of the method and the values that the credential was obtained with.
pub const GRANT: &str = "authkeeper.dev/grant";
/// On M: keyed digest of the methods and sources of the spec that was served.
pub const SPEC: &str = "authkeeper.dev/spec";
/// On M: keyed digest of how the Secret is to look.
pub const PUBLISH: &str = "authkeeper.dev/publish";
/// On M: keyed digest of the data.
pub const CONTENT: &str = "authkeeper.dev/content";
/// On M: keyed digest of the credential alone, whatever the Secret looks like.
pub const CREDENTIAL: &str = "authkeeper.dev/credential";
/// On M: names of the data keys that are ours, comma-separated.
pub const KEYS: &str = "authkeeper.dev/keys";
/// On M: the sources that were read, with uid and resourceVersion.
pub const SOURCES: &str = "authkeeper.dev/sources";
/// On M: name of the method that was used.
pub const METHOD: &str = "authkeeper.dev/method";
/// On M: the generation of the configuration that this Secret serves.
pub const GENERATION: &str = "authkeeper.dev/generation";
/// On M: the refresh request that led to this credential.
pub const HANDLED_REFRESH_REQUEST: &str = "authkeeper.dev/handled-refresh-request";
/// On M: how often the same token came back in a row; absent when it did not.
pub const REPEATS: &str = "authkeeper.dev/repeats";

/// On A: any new value asks for one refresh.
pub const REFRESH_REQUESTED: &str = "authkeeper.dev/refresh-requested";
/// On A: RFC 3339 time until which refreshing is suspended.
pub const SUSPEND_UNTIL: &str = "authkeeper.dev/suspend-until";

/// On M: who manages it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Value of [`MANAGED_BY`].
pub const AUTHKEEPER: &str = "authkeeper";
/// On M: tells Stakater Reloader not to restart consumers at each refresh.
pub const RELOADER_IGNORE: &str = "reloader.stakater.com/ignore";
