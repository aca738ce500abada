//! The rules of the configuration, compiled once for all clients of a worker.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::handle::Handle;
use crate::config::Config;
use crate::routing::rules::Rules;

/// The rules of the configuration that was asked for last.
#[derive(Debug, Default)]
pub(crate) struct CompiledRules(RefCell<Option<(Handle<Config>, Rc<Rules>)>>);

impl CompiledRules {
    /// The rules of `config`; `None` if it has none.
    pub(crate) fn of(&self, config: &Handle<Config>) -> Option<Rc<Rules>> {
        if config.rules.is_empty() {
            return None;
        }
        let mut last = self.0.borrow_mut();
        if let Some((_, rules)) = last.as_ref().filter(|(of, _)| Arc::ptr_eq(of, config)) {
            return Some(Rc::clone(rules));
        }
        let rules = Rc::new(config.compiled_rules());
        *last = Some((config.clone(), Rc::clone(&rules)));
        Some(rules)
    }
}
