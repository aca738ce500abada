//! Hashes as [`ValueWriter`] writes them, with and without fields that expire.

use std::io::Write;

use super::encoder::Encoder;
use super::value_writer::ValueWriter;
use crate::error::WriteError;
use crate::packed::{Element, ListpackRef};
use crate::types::{self, Vendor};

/// A field of a hash, its value, and when it expires in Unix milliseconds; 0 is never.
pub type FieldTtl<'a> = (&'a [u8], &'a [u8], u64);

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a hash, field by field, without expiries.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn hash<'n, I>(self, pairs: I) -> Result<(), WriteError>
    where
        I: IntoIterator<Item = (&'n [u8], &'n [u8])>,
        I::IntoIter: ExactSizeIterator,
    {
        let pairs = pairs.into_iter();
        let to = self.start(types::HASH)?;
        to.count(pairs.len())?;
        for (field, value) in pairs {
            to.string(field)?;
            to.string(value)?;
        }
        Ok(())
    }

    /// Writes a hash in a listpack: field, value, and again.
    ///
    /// # Errors
    /// See [`Self`].
    pub fn hash_packed(self, pairs: ListpackRef<'_>) -> Result<(), WriteError> {
        if self.to.form().has_listpacks() {
            return self.start(types::HASH_LISTPACK)?.packed(pairs);
        }
        let to = self.start(types::HASH)?;
        to.count(pairs.len() / 2)?;
        to.elements(pairs)
    }

    /// Writes a hash with fields that may expire; as any other hash if none does.
    ///
    /// # Errors
    /// [`WriteError::NotInForm`] before Redis 7.4 and Valkey 9.0.
    pub fn hash_ttl<'n, I>(self, fields: I) -> Result<(), WriteError>
    where
        I: IntoIterator<Item = FieldTtl<'n>>,
        I::IntoIter: ExactSizeIterator + Clone,
    {
        let fields = fields.into_iter();
        let soonest = fields.clone().map(|(_, _, at)| at).filter(|at| *at > 0).min();
        let Some(soonest) = soonest else {
            return self.hash(fields.map(|(field, value, _)| (field, value)));
        };
        let form = self.to.form();
        if !form.has_field_expiry() {
            return self.not_in_form("a hash whose fields expire");
        }
        if form.vendor() == Vendor::Valkey {
            let to = self.start(types::VALKEY_HASH_TTL)?;
            to.count(fields.len())?;
            for (field, value, at) in fields {
                to.string(field)?;
                to.string(value)?;
                to.valkey_expiry(at)?;
            }
            return Ok(());
        }
        let to = self.start(types::HASH_TTL)?;
        to.raw(&soonest.to_le_bytes())?;
        to.count(fields.len())?;
        for (field, value, at) in fields {
            to.length(if at == 0 { 0 } else { (at - soonest).saturating_add(1) })?;
            to.string(field)?;
            to.string(value)?;
        }
        Ok(())
    }

    /// Writes a hash in a listpack, with fields that may expire: see [`crate::Hash::PackedTtl`].
    ///
    /// # Errors
    /// [`WriteError::NotInForm`] before Redis 7.4 and Valkey 9.0, unless no field expires.
    pub fn hash_packed_ttl(self, fields: ListpackRef<'_>) -> Result<(), WriteError> {
        let form = self.to.form();
        let soonest = triples(fields).map(|(_, _, at)| at).filter(|at| *at > 0).min();
        if form.has_field_expiry() && form.vendor() == Vendor::Redis {
            let to = self.start(types::HASH_LISTPACK_TTL)?;
            to.raw(&soonest.unwrap_or(0).to_le_bytes())?;
            return to.packed(fields);
        }
        let with_ttls = soonest.is_some();
        if with_ttls && !form.has_field_expiry() {
            return self.not_in_form("a hash whose fields expire");
        }
        let to = self.start(if with_ttls { types::VALKEY_HASH_TTL } else { types::HASH })?;
        to.count(fields.len() / 3)?;
        for (field, value, at) in triples(fields) {
            to.element(field)?;
            to.element(value)?;
            if with_ttls {
                to.valkey_expiry(at)?;
            }
        }
        Ok(())
    }
}

/// Returns field, value and expiry of each field.
fn triples(fields: ListpackRef<'_>) -> impl Iterator<Item = (Element<'_>, Element<'_>, u64)> {
    let mut elements = fields.iter();
    std::iter::from_fn(move || {
        let (field, value) = (elements.next()?, elements.next()?);
        let at = elements.next()?.as_int().and_then(|at| u64::try_from(at).ok());
        Some((field, value, at.unwrap_or(0)))
    })
}

impl<W: Write> Encoder<W> {
    /// Writes when a field expires; -1 is never.
    fn valkey_expiry(&mut self, at: u64) -> Result<(), WriteError> {
        let at = if at == 0 { -1 } else { i64::try_from(at).unwrap_or(i64::MAX) };
        self.raw(&at.to_le_bytes())
    }
}
