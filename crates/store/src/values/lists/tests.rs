//! Lists compared with a deque.

use std::collections::VecDeque;

use super::needle::Needle;
use super::{End, Fill, List};
use crate::dialect::{Dialect, Vendor};
use crate::packing::Packing;
use proptest::prelude::*;
use tidegate_rdb::Element;

/// A change, of a list and of its model.
#[derive(Clone, Debug)]
enum Edit {
    Push(End, Vec<u8>),
    Drop(End, usize),
    Remove(usize, usize),
    Replace(usize, Vec<u8>),
    Insert(usize, bool, Vec<u8>),
    RemoveAll(Vec<u8>, usize, End),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Left), Just(End::Right)]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0..5_u8).prop_map(|number| number.to_string().into_bytes()),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        (0..9000_usize).prop_map(|len| vec![b'x'; len]),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => (end(), value()).prop_map(|(end, value)| Edit::Push(end, value)),
        1 => (end(), 0..4_usize).prop_map(|(end, count)| Edit::Drop(end, count)),
        1 => (0..30_usize, 0..9_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        3 => (0..30_usize, value()).prop_map(|(at, value)| Edit::Replace(at, value)),
        4 => (0..30_usize, any::<bool>(), value())
            .prop_map(|(at, after, value)| Edit::Insert(at, after, value)),
        1 => (value(), 1..4_usize, end())
            .prop_map(|(value, max, end)| Edit::RemoveAll(value, max, end)),
    ]
}

fn both(list: &mut List, model: &mut VecDeque<Vec<u8>>, edit: Edit, fill: Fill) {
    match edit {
        Edit::Push(end, value) => {
            list.make_ready(value.len(), 1, fill);
            list.push(end, Element::Bytes(&value), fill);
            match end {
                End::Left => model.push_front(value),
                End::Right => model.push_back(value),
            }
        }
        Edit::Drop(end, count) => {
            list.drop_end(end, count);
            for _ in 0..count {
                match end {
                    End::Left => model.pop_front(),
                    End::Right => model.pop_back(),
                };
            }
        }
        Edit::Remove(at, count) => {
            list.remove_range(at, count);
            let range = at.min(model.len())..(at + count).min(model.len());
            model.drain(range);
        }
        Edit::Replace(at, value) => {
            list.make_ready(value.len(), 1, fill);
            assert_eq!(list.replace(at, Element::Bytes(&value), fill), at < model.len());
            if let Some(place) = model.get_mut(at) {
                *place = value;
            }
        }
        Edit::Insert(at, after, value) => {
            let Some(pivot) = model.get(at).cloned() else { return };
            let first = model.iter().position(|found| *found == pivot).unwrap();
            list.make_ready(value.len(), 1, fill);
            assert!(list.insert(&pivot, after, Element::Bytes(&value), fill));
            model.insert(first + usize::from(after), value);
        }
        Edit::RemoveAll(value, max, end) => {
            let mut places: Vec<_> = (0..model.len()).filter(|&at| model[at] == value).collect();
            if end == End::Right {
                places.reverse();
            }
            places.truncate(max);
            assert_eq!(list.remove_all(&value, max, end), places.len());
            places.sort_unstable();
            for at in places.into_iter().rev() {
                model.remove(at);
            }
        }
    }
    list.pack(fill, true);
}

proptest! {
    #[test]
    fn is_a_deque(
        edits in prop::collection::vec(edit(), 0..120),
        list_size in prop_oneof![Just(-2), Just(-1), 1..6_i32],
        version in prop_oneof![Just("7.0"), Just("8.2")],
    ) {
        let dialect = Dialect::new(Vendor::Redis, version);
        let fill = Fill::new(&Packing { list_size, ..Packing::of(dialect) }, dialect);
        let (mut list, mut model) = (List::default(), VecDeque::new());
        for edit in edits {
            both(&mut list, &mut model, edit, fill);
            prop_assert_eq!(list.len(), model.len());
            prop_assert_eq!(list.view().is_empty(), model.is_empty());
        }
        let view = list.view();
        for start in 0..=model.len() {
            let mut walk = view.walk(start).zip(model.iter().skip(start));
            prop_assert!(walk.all(|(found, value)| Needle::new(value).is(found)));
            prop_assert_eq!(view.walk(start).count(), model.len() - start);
            prop_assert_eq!(view.get(start).is_some(), start < model.len());
        }
        for start in 0..model.len() {
            let mut walk = view.walk_back(start).zip(model.iter().take(start + 1).rev());
            prop_assert!(walk.all(|(found, value)| Needle::new(value).is(found)));
            prop_assert_eq!(view.walk_back(start).count(), start + 1);
        }
    }
}
