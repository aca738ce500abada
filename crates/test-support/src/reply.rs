//! A reply, as typed on the wire.

/// One reply, as typed on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Simple(String),
    /// The whole text after `-` or of a RESP3 `!`, its code first.
    Error(String),
    Int(i64),
    Bulk(Vec<u8>),
    /// `$-1`, `*-1` and `_`: use [`Wire::read_raw_reply`](crate::Wire::read_raw_reply) where the form matters.
    Null,
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Set(Vec<Self>),
    Push(Vec<Self>),
    Double(f64),
    Bool(bool),
    BigNumber(String),
    /// Its three-letter format and its text.
    Verbatim(String, Vec<u8>),
    /// `|`: attributes, and the reply they belong to.
    Attribute(Vec<(Self, Self)>, Box<Self>),
}

impl Reply {
    /// The text of a simple, bulk or verbatim string.
    #[track_caller]
    pub fn str(&self) -> &str {
        match self {
            Self::Simple(text) => text,
            Self::Bulk(bytes) | Self::Verbatim(_, bytes) => std::str::from_utf8(bytes).unwrap(),
            other => panic!("not a string: {other:?}"),
        }
    }

    /// The bytes of a bulk string.
    #[track_caller]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bulk(bytes) => bytes,
            other => panic!("not a bulk string: {other:?}"),
        }
    }

    #[track_caller]
    pub fn int(&self) -> i64 {
        match self {
            Self::Int(value) => *value,
            other => panic!("not an integer: {other:?}"),
        }
    }

    /// The text of an error reply.
    #[track_caller]
    pub fn err(&self) -> &str {
        match self {
            Self::Error(text) => text,
            other => panic!("not an error: {other:?}"),
        }
    }

    /// The items of an array, set or push.
    #[track_caller]
    pub fn array(&self) -> &[Self] {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => items,
            other => panic!("not an array: {other:?}"),
        }
    }

    /// The pairs of a map, or of the flat array that stands for one in RESP2.
    #[track_caller]
    pub fn pairs(&self) -> Vec<(Self, Self)> {
        match self {
            Self::Map(pairs) => pairs.clone(),
            Self::Array(items) if items.len() % 2 == 0 => {
                items.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
            }
            other => panic!("not a map: {other:?}"),
        }
    }

    /// The texts of an array of strings.
    #[track_caller]
    pub fn strings(&self) -> Vec<String> {
        self.array().iter().map(|item| item.str().to_owned()).collect()
    }

    /// Asserts `+OK`.
    #[track_caller]
    pub fn ok(&self) {
        assert_eq!(*self, Self::Simple("OK".into()));
    }

    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub fn is_err(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}
