//! The type bytes and opcodes of the format, and the vendor that uses each. Bytes 22, 23, 242 and
//! 243 have different meanings in Redis and in Valkey.

/// The vendor of the server that wrote a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Redis, and Valkey before 9.0.
    Redis,
    /// Valkey from 9.0 on.
    Valkey,
}

/// The first version of the format that is Valkey's own.
pub(super) const FIRST_VALKEY_VERSION: u16 = 80;

impl Vendor {
    /// Returns the vendor of a DUMP payload of this version. Such a payload has no magic that would
    /// show it.
    #[must_use]
    pub fn of_version(version: u16) -> Self {
        if version >= FIRST_VALKEY_VERSION { Self::Valkey } else { Self::Redis }
    }

    /// The name of the vendor.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        }
    }
}

pub(super) const STRING: u8 = 0;
pub(super) const LIST: u8 = 1;
pub(super) const SET: u8 = 2;
pub(super) const ZSET: u8 = 3;
pub(super) const HASH: u8 = 4;
pub(super) const ZSET_2: u8 = 5;
pub(super) const MODULE_OLD: u8 = 6;
pub(super) const MODULE: u8 = 7;
pub(super) const HASH_ZIPMAP: u8 = 9;
pub(super) const LIST_ZIPLIST: u8 = 10;
pub(super) const SET_INTSET: u8 = 11;
pub(super) const ZSET_ZIPLIST: u8 = 12;
pub(super) const HASH_ZIPLIST: u8 = 13;
pub(super) const QUICKLIST: u8 = 14;
pub(super) const STREAM: u8 = 15;
pub(super) const HASH_LISTPACK: u8 = 16;
pub(super) const ZSET_LISTPACK: u8 = 17;
pub(super) const QUICKLIST_2: u8 = 18;
pub(super) const STREAM_2: u8 = 19;
pub(super) const SET_LISTPACK: u8 = 20;
pub(super) const STREAM_3: u8 = 21;
/// Redis 7.4 before its release; in Valkey [`VALKEY_HASH_TTL`].
pub(super) const HASH_TTL_EARLY: u8 = 22;
pub(super) const VALKEY_HASH_TTL: u8 = 22;
/// Redis 7.4 before its release; in Valkey another type, which is not read.
pub(super) const HASH_LISTPACK_TTL_EARLY: u8 = 23;
pub(super) const HASH_TTL: u8 = 24;
pub(super) const HASH_LISTPACK_TTL: u8 = 25;
pub(super) const STREAM_4: u8 = 26;
pub(super) const STREAM_5: u8 = 27;

/// A node of a list that is one element.
pub(super) const PLAIN_NODE: u64 = 1;
/// A node of a list that is a listpack.
pub(super) const PACKED_NODE: u64 = 2;

/// Whether servers take a value of this type without looking into all of it: its contents are
/// packed into strings (`sanitize-dump-payload`).
pub(super) fn is_packed(type_byte: u8) -> bool {
    !matches!(
        type_byte,
        STRING
            | LIST
            | SET
            | ZSET
            | HASH
            | ZSET_2
            | MODULE_OLD
            | MODULE
            | HASH_TTL_EARLY
            | HASH_TTL
    )
}

/// The name of a type, for people.
#[must_use]
pub(super) fn name(type_byte: u8) -> &'static str {
    match type_byte {
        STRING => "string",
        LIST | LIST_ZIPLIST | QUICKLIST | QUICKLIST_2 => "list",
        SET | SET_INTSET | SET_LISTPACK => "set",
        ZSET | ZSET_2 | ZSET_ZIPLIST | ZSET_LISTPACK => "sorted set",
        HASH | HASH_ZIPMAP | HASH_ZIPLIST | HASH_LISTPACK => "hash",
        HASH_TTL_EARLY..=HASH_LISTPACK_TTL => "hash with field expiries",
        MODULE_OLD | MODULE => "module",
        STREAM | STREAM_2 | STREAM_3 | STREAM_4 | STREAM_5 => "stream",
        _ => "unknown",
    }
}

/// The opcodes of items between keys.
pub(super) mod opcode {
    /// Redis 8.10; in Valkey 9.2 a command.
    pub(crate) const HASH_TEMPLATE: u8 = 242;
    /// Redis 8.6 and later.
    pub(crate) const KEY_META: u8 = 243;
    pub(crate) const VALKEY_SLOT_IMPORT: u8 = 243;
    pub(crate) const SLOT_INFO: u8 = 244;
    pub(crate) const FUNCTION: u8 = 245;
    pub(crate) const FUNCTION_EARLY: u8 = 246;
    pub(crate) const MODULE_AUX: u8 = 247;
    pub(crate) const IDLE: u8 = 248;
    pub(crate) const FREQ: u8 = 249;
    pub(crate) const AUX: u8 = 250;
    pub(crate) const RESIZE_DB: u8 = 251;
    pub(crate) const EXPIRES_MS: u8 = 252;
    pub(crate) const EXPIRES: u8 = 253;
    pub(crate) const SELECT_DB: u8 = 254;
    pub(crate) const END: u8 = 255;
}
