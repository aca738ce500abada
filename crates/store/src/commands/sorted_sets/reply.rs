//! How members and scores are written to a client.

use crate::call::Reply;
use tidegate_rdb::Element;

/// Writes members, with their scores or without, in the order in which they come.
pub(in crate::commands::sorted_sets) fn members<'a>(
    reply: &mut Reply<'_>,
    count: usize,
    entries: impl Iterator<Item = (Element<'a>, f64)>,
    with_scores: bool,
) {
    let nested = with_scores && reply.is_resp3();
    reply.array(if with_scores && !nested { 2 * count } else { count });
    for (member, score) in entries {
        self::member(reply, member, score, with_scores);
    }
}

/// Writes a member, with its score or without.
pub(in crate::commands::sorted_sets) fn member(
    reply: &mut Reply<'_>,
    member: Element<'_>,
    score: f64,
    with_score: bool,
) {
    if with_score && reply.is_resp3() {
        reply.array(2);
    }
    reply.element(member);
    if with_score {
        reply.double(score);
    }
}

/// Writes members, each with its score in an array of its own in either protocol.
pub(in crate::commands::sorted_sets) fn pairs<'a>(
    reply: &mut Reply<'_>,
    count: usize,
    entries: impl Iterator<Item = (Element<'a>, f64)>,
) {
    reply.array(count);
    for (member, score) in entries {
        reply.array(2);
        reply.element(member);
        reply.double(score);
    }
}
