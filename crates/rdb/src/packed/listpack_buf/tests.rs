//! Random edits compared with a plain list of strings, and cases that no test of a server would
//! reach.

use proptest::prelude::*;

use super::*;
use crate::packed::listpack_vendor::for_vendor;
use crate::types::Vendor;

fn packed(elements: &[&[u8]]) -> ListpackBuf {
    let mut buf = ListpackBuf::new();
    elements.iter().for_each(|element| buf.push_back(*element).unwrap());
    buf
}

fn strings(view: ListpackRef<'_>) -> Vec<Vec<u8>> {
    view.iter().map(|element| element.bytes(&mut itoa::Buffer::new()).to_vec()).collect()
}

#[test]
fn edits() {
    let mut buf = packed(&[b"a", b"12", b"c"]);
    buf.push_front(b"-5").unwrap();
    assert_eq!(strings(buf.view()), [&b"-5"[..], b"a", b"12", b"c"]);
    let twelve = buf.view().find(b"12", 0).unwrap();
    buf.insert(twelve, b"b").unwrap();
    assert_eq!(buf.view().at(twelve), Some(Element::Bytes(b"b")));
    buf.replace(twelve, 70_000).unwrap();
    assert_eq!(buf.view().at(twelve), Some(Element::Int(70_000)));
    assert_eq!(buf.remove(twelve, 2), 2);
    assert_eq!(strings(buf.view()), [&b"-5"[..], b"a", b"c"]);
    assert_eq!(buf.remove(buf.view().seek(-1).unwrap(), 7), 1);
    assert_eq!(buf.remove(buf.view().end(), 1), 0);
    buf.replace(buf.view().end(), b"nothing").unwrap();
    assert_eq!(buf.remove(Position::FIRST, 2), 2);
    assert_eq!(buf, ListpackBuf::new());
    assert_eq!(buf.as_bytes(), [7, 0, 0, 0, 0, 0, 0xff]);
}

#[test]
fn elements_are_found_and_read() {
    let buf = packed(&[b"1", b"2", b"2", b"01", b"x", b"1"]);
    let view = buf.view();
    let index = |found: Option<Position>| {
        found.map(|found| view.positions().position(|(it, _)| it == found).unwrap())
    };
    assert_eq!(index(view.find(b"2", 0)), Some(1));
    assert_eq!(index(view.find(b"2", 1)), Some(2));
    assert_eq!(index(view.find(b"01", 0)), Some(3));
    assert_eq!(index(view.find(b"01", 1)), None);
    assert_eq!(index(view.find(b"1", 4)), Some(0));
    let second = view.seek(1).unwrap();
    assert_eq!(index(view.find_from(second, b"1", 0)), Some(5));
    assert_eq!(index(view.find_from(second, b"1", 1)), Some(5));
    assert_eq!(index(view.find_from(second, b"1", 2)), None);
    assert_eq!(index(view.find(b"", 0)), None);
    for at in 0..6_i64 {
        assert_eq!(view.get(at), view.get(at - 6));
        assert_eq!(index(view.seek(at)), usize::try_from(at).ok());
    }
    for outside in [6, -7, i64::MAX, i64::MIN] {
        assert_eq!(view.get(outside), None);
    }
    assert_eq!(view.before(Position::FIRST), None);
    assert_eq!(view.before(view.end()), view.seek(-1));
    assert_eq!(view.after(view.seek(-1).unwrap()), Some(view.end()));
}

#[test]
fn the_header_counts_up_to_65534() {
    let mut buf = ListpackBuf::new();
    for n in 0..65_534 {
        buf.push_back(n).unwrap();
    }
    assert_eq!((&buf.as_bytes()[4..6], buf.len()), (&[0xfe, 0xff][..], 65_534));
    buf.push_front(-1).unwrap();
    buf.push_back(65_534).unwrap();
    assert_eq!((&buf.as_bytes()[4..6], buf.len()), (&[0xff, 0xff][..], 65_536));
    assert_eq!(buf.view().get(-2), Some(Element::Int(65_533)));
    assert_eq!(buf.view().get(65_535), Some(Element::Int(65_534)));
    assert_eq!(buf.remove(Position::FIRST, 10), 10);
    assert_eq!(buf.len(), 65_526);
    assert_eq!(Listpack::try_from(buf).unwrap().len(), 65_526);
}

#[test]
fn a_wrong_position_does_not_panic() {
    let buf = packed(&[b"abc", b"1000", b"def"]);
    for offset in (0..30).chain([usize::MAX, usize::MAX - 3]) {
        for element in [&b"x"[..], b"longer than before", b"7"] {
            let mut it = buf.clone();
            let at = Position::at(offset);
            let _ = (it.insert(at, element), it.replace(at, element), it.remove(at, 2));
            let _ = (strings(it.view()), it.view().find(b"def", 0), it.view().before(at));
        }
    }
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![-200..200_i64, -70_000..70_000_i64, any::<i64>()];
    prop_oneof![
        4 => number.prop_map(|n| n.to_string().into_bytes()),
        4 => prop::collection::vec(any::<u8>(), 0..140),
        1 => (4000..4200_usize).prop_map(|len| vec![b'l'; len]),
        1 => (16_370..16_390_usize).prop_map(|len| vec![b'l'; len]),
    ]
}

proptest! {
    #[test]
    fn is_a_list(edits in prop::collection::vec((0..4, any::<prop::sample::Index>(), element()), 1..60)) {
        let (mut buf, mut model) = (ListpackBuf::new(), Vec::<Vec<u8>>::new());
        for (kind, index, element) in edits {
            let index = index.index(model.len() + 1);
            let at = match i64::try_from(index) {
                Ok(at) if index < model.len() => buf.view().seek(at).unwrap(),
                _ => buf.view().end(),
            };
            match kind {
                0 | 1 => {
                    buf.insert(at, &element[..]).unwrap();
                    model.insert(index, element);
                }
                2 => {
                    buf.replace(at, &element[..]).unwrap();
                    if let Some(place) = model.get_mut(index) {
                        *place = element;
                    }
                }
                _ => {
                    let count = element.len() % 3;
                    let end = (index + count).min(model.len());
                    prop_assert_eq!(buf.remove(at, count), model.drain(index..end).count());
                }
            }
            prop_assert_eq!(buf.len(), model.len());
        }
        prop_assert_eq!(strings(buf.view()), model.clone());
        let built: crate::packed::ListpackBuilder =
            model.iter().map(|it| Element::Bytes(it)).collect();
        let built = built.finish().unwrap();
        prop_assert_eq!(buf.as_bytes(), built.as_bytes());
        for needle in &model {
            let first = model.iter().position(|it| it == needle).unwrap();
            let at = buf.view().positions().nth(first).map(|(at, _)| at);
            prop_assert_eq!(buf.view().find(needle, 0), at);
        }
        let back: Vec<_> = buf.view().positions().rev().collect();
        prop_assert!(buf.view().positions().eq(back.into_iter().rev()));
    }

    #[test]
    fn any_bytes_do_not_panic(bytes: Vec<u8>, needle: Vec<u8>, index: i64, offset in 0..100_usize) {
        let view = ListpackRef::trusted(&bytes);
        let at = Position::at(offset);
        let _ = (view.len(), view.is_empty(), view.iter().count(), view.iter().rev().count());
        let _ = (view.find(&needle, 1), view.get(index), view.before(at), view.after(at));
        let _ = (view.positions().count(), view.positions().rev().count(), view.get(-3));
        let _ = (view.iter().nth(offset), view.iter().nth_back(offset), view.iter().nth(60_000));
        let mut buf = ListpackBuf(bytes);
        let _ = (buf.insert(at, &needle[..]), buf.replace(at, 5), buf.remove(at, 3));
        let _ = (buf.push_back(1), buf.push_front(2));
    }
}

proptest! {
    #[test]
    fn skipped_elements_are_those_that_would_be_read(
        elements in prop::collection::vec(element(), 0..40),
        steps in prop::collection::vec((any::<bool>(), 0_usize..12), 0..12),
    ) {
        let text = |element: Element<'_>| element.bytes(&mut itoa::Buffer::new()).to_vec();
        let words: Vec<_> = elements.iter().map(Vec::as_slice).collect();
        let buf = packed(&words);
        for vendor in [Vendor::Redis, Vendor::Valkey] {
            let bytes = for_vendor(buf.view(), vendor).unwrap();
            let view = ListpackRef::new(&bytes).unwrap();
            let (mut skipped, mut positions) = (view.iter(), view.positions());
            let mut model = elements.iter();
            for &(back, count) in &steps {
                let (found, at, wanted) = if back {
                    (skipped.nth_back(count), positions.nth_back(count), model.nth_back(count))
                } else {
                    (skipped.nth(count), positions.nth(count), model.nth(count))
                };
                prop_assert_eq!(found.map(text), wanted.cloned());
                prop_assert_eq!(at.and_then(|(at, _)| view.at(at)), found);
                prop_assert_eq!(at.map(|(_, element)| element), found);
                prop_assert_eq!(skipped.len(), model.len());
            }
            prop_assert!(skipped.map(text).eq(model.cloned()));
        }
    }
}
