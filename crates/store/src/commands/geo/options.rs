//! The arguments of a search (`georadiusGeneric`).

use super::points::place;
use super::polygon::Polygon;
use super::shape::{Outline, Shape};
use super::sphere::Point;
use super::units;
use crate::call::{CommandError, quoted, words};
use crate::dialect::{Dialect, Vendor};
use crate::execution::Args;
use crate::values::sorted_sets::SortedSetRef;

/// The command of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `GEORADIUS`, and whether it may store.
    Radius { stores: bool },
    /// `GEORADIUSBYMEMBER`, and whether it may store.
    ByMember { stores: bool },
    /// `GEOSEARCH`
    Search,
    /// `GEOSEARCHSTORE`
    SearchStore,
}

impl Kind {
    /// The event of a stored result.
    pub(super) fn stored(self) -> &'static str {
        if self == Self::SearchStore { "geosearchstore" } else { "georadiusstore" }
    }
}

/// The order of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Nearest,
    Farthest,
}

/// A search.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the request's options")]
pub(super) struct Search {
    pub(super) with_distance: bool,
    pub(super) with_hash: bool,
    pub(super) with_point: bool,
    pub(super) order: Option<Order>,
    pub(super) count: Option<usize>,
    /// Whether any members will do, and not the nearest ones.
    pub(super) any: bool,
    /// The destination of the result.
    pub(super) target: Option<Vec<u8>>,
    /// Whether the distances are stored as scores.
    pub(super) stores_distance: bool,
    center: Option<Point>,
    /// Whether the request has a centre, even a member that does not exist.
    has_center: bool,
    /// Whether the centre is a member.
    from_member: bool,
    outline: Option<(Outline, f64)>,
}

/// The context in which the arguments are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) kind: Kind,
    pub(super) set: Option<SortedSetRef<'a>>,
    pub(super) dialect: Dialect,
}

impl Search {
    /// Returns the area; `None` if it is unknown because there is no set.
    pub(super) fn shape(&self) -> Option<Shape> {
        let (outline, unit) = self.outline.clone()?;
        Some(Shape { center: self.center?, outline, unit })
    }
}

impl Reading<'_> {
    fn is_search(self) -> bool {
        matches!(self.kind, Kind::Search | Kind::SearchStore)
    }

    /// Reads all words of a request.
    pub(super) fn parse(self, args: Args<'_>) -> Result<Search, CommandError> {
        let mut search = Search::default();
        let options = match self.kind {
            Kind::Radius { .. } => {
                search.center = Some(units::point(args[2], args[3], self.dialect)?);
                search.outline = Some(self.circle(args[4], args[5])?);
                &args[6..]
            }
            Kind::ByMember { .. } => {
                search.center = self.member(args[2])?;
                // Without a set the radius is not looked at.
                if self.set.is_some() {
                    search.outline = Some(self.circle(args[3], args[4])?);
                }
                &args[5..]
            }
            Kind::Search => &args[2..],
            Kind::SearchStore => {
                search.target = Some(args[1].to_vec());
                &args[3..]
            }
        };
        let mut rest = options;
        while let Some((option, after)) = rest.split_first() {
            rest = self.option(&mut search, option, after)?;
        }
        self.check(&search, args[0])?;
        Ok(search)
    }

    /// Reads one option. Returns what follows it.
    fn option<'w>(
        self,
        search: &mut Search,
        option: &[u8],
        rest: Args<'w>,
    ) -> Result<Args<'w>, CommandError> {
        let is = |name| words::is(option, name);
        match *rest {
            _ if is("withdist") => search.with_distance = true,
            _ if is("withhash") => search.with_hash = true,
            _ if is("withcoord") => search.with_point = true,
            _ if is("any") => search.any = true,
            _ if is("asc") => search.order = Some(Order::Nearest),
            _ if is("desc") => search.order = Some(Order::Farthest),
            [count, ref rest @ ..] if is("count") => {
                let count = usize::try_from(words::int(count)?).ok().filter(|&count| count > 0);
                search.count = Some(count.ok_or(CommandError::new("ERR COUNT must be > 0"))?);
                return Ok(rest);
            }
            [key, ref rest @ ..] if self.may_name_target() && is("store") => {
                (search.target, search.stores_distance) = (Some(key.to_vec()), false);
                return Ok(rest);
            }
            [key, ref rest @ ..] if self.may_name_target() && is("storedist") => {
                (search.target, search.stores_distance) = (Some(key.to_vec()), true);
                return Ok(rest);
            }
            _ if self.kind == Kind::SearchStore && is("storedist") => search.stores_distance = true,
            _ if self.is_search() => return self.area(search, option, rest),
            _ => return Err(CommandError::SYNTAX),
        }
        Ok(rest)
    }

    fn may_name_target(self) -> bool {
        matches!(self.kind, Kind::Radius { stores: true } | Kind::ByMember { stores: true })
    }

    /// Reads an option about the area. Returns what follows it.
    fn area<'w>(
        self,
        search: &mut Search,
        option: &[u8],
        rest: Args<'w>,
    ) -> Result<Args<'w>, CommandError> {
        let is = |name| words::is(option, name);
        let shape = search.outline.as_ref().map(|(outline, _)| outline);
        let may_be_circle = matches!(shape, None | Some(Outline::Circle(_)));
        let may_be_box = matches!(shape, None | Some(Outline::Box(..)));
        let may_be_polygon =
            matches!(shape, None | Some(Outline::Polygon(_))) && self.dialect.searches_polygons();
        let is_polygon = matches!(shape, Some(Outline::Polygon(_)));
        let by_member = search.has_center && search.from_member;
        let by_point = search.has_center && !search.from_member;
        match *rest {
            [member, ref rest @ ..] if is("frommember") && !by_point && !is_polygon => {
                search.center = self.member(member)?;
                (search.has_center, search.from_member) = (true, true);
                Ok(rest)
            }
            [longitude, latitude, ref rest @ ..]
                if is("fromlonlat") && !by_member && !is_polygon =>
            {
                search.center = Some(units::point(longitude, latitude, self.dialect)?);
                search.has_center = true;
                Ok(rest)
            }
            [radius, unit, ref rest @ ..] if is("byradius") && may_be_circle => {
                search.outline = Some(self.circle(radius, unit)?);
                Ok(rest)
            }
            [width, height, unit, ref rest @ ..] if is("bybox") && may_be_box => {
                search.outline = Some(self.rectangle(width, height, unit)?);
                Ok(rest)
            }
            [count, ref rest @ ..] if is("bypolygon") && may_be_polygon && !search.has_center => {
                let (polygon, rest) = self.polygon(count, rest)?;
                search.center = Some(polygon.center());
                search.outline = Some((Outline::Polygon(polygon), 1.0));
                Ok(rest)
            }
            _ => Err(CommandError::SYNTAX),
        }
    }

    fn check(self, search: &Search, name: &[u8]) -> Result<(), CommandError> {
        if search.target.is_some()
            && (search.with_distance || search.with_hash || search.with_point)
        {
            let who = if self.is_search() && self.dialect.names_search_store() {
                "GEOSEARCHSTORE"
            } else {
                "STORE option in GEORADIUS"
            };
            let s = if self.dialect.capitalizes_units() { "" } else { "S" };
            return Err(CommandError::of(format!(
                "ERR {who} is not compatible with WITHDIST, WITHHASH and WITHCOORD{s} options"
            )));
        }
        let name = quoted(name);
        let is_polygon = matches!(search.outline, Some((Outline::Polygon(_), _)));
        if self.is_search() && !search.has_center && !is_polygon {
            return Err(CommandError::of(format!(
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}"
            )));
        }
        if self.is_search() && search.outline.is_none() {
            let shapes = if self.dialect.searches_polygons() {
                "BYRADIUS, BYBOX and BYPOLYGON"
            } else {
                "BYRADIUS and BYBOX"
            };
            return Err(CommandError::of(format!(
                "ERR exactly one of {shapes} can be specified for {name}"
            )));
        }
        if search.any && search.count.is_none() {
            return Err(CommandError::new("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// Returns where a member is; `None` without a set.
    fn member(self, member: &[u8]) -> Result<Option<Point>, CommandError> {
        let Some(set) = self.set else { return Ok(None) };
        let missing = || match self.dialect.vendor() {
            Vendor::Redis => CommandError::new("ERR could not decode requested zset member"),
            Vendor::Valkey => {
                let member = quoted(member);
                CommandError::of(format!("ERR member {member} does not exist"))
            }
        };
        place(set, member).map(Some).ok_or_else(missing)
    }

    fn circle(self, radius: &[u8], unit: &[u8]) -> Result<(Outline, f64), CommandError> {
        let radius = units::length(radius, "ERR need numeric radius", self.dialect)?;
        if radius < 0.0 {
            return Err(CommandError::new("ERR radius cannot be negative"));
        }
        Ok((Outline::Circle(radius), units::unit(unit, self.dialect)?))
    }

    fn rectangle(
        self,
        width: &[u8],
        height: &[u8],
        unit: &[u8],
    ) -> Result<(Outline, f64), CommandError> {
        let width = units::length(width, "ERR need numeric width", self.dialect)?;
        let height = units::length(height, "ERR need numeric height", self.dialect)?;
        if width < 0.0 || height < 0.0 {
            return Err(CommandError::new("ERR height or width cannot be negative"));
        }
        Ok((Outline::Box(width, height), units::unit(unit, self.dialect)?))
    }

    /// Reads a polygon of so many vertices. Returns it and what follows it.
    fn polygon<'w>(
        self,
        count: &[u8],
        rest: Args<'w>,
    ) -> Result<(Polygon, Args<'w>), CommandError> {
        let count = i32::try_from(words::int(count).unwrap_or(i64::MAX));
        let count = count.map_err(|_| CommandError::new("ERR invalid number of vertices"))?;
        let too_few = CommandError::new("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
        let count = usize::try_from(count).ok().filter(|&count| count >= 3);
        let count = count.ok_or_else(|| too_few.clone())?;
        let (words, rest) = rest.split_at_checked(2 * count).ok_or(too_few)?;
        let vertex = |pair: &[&[u8]]| units::point(pair[0], pair[1], self.dialect);
        let vertices: Result<Vec<_>, _> = words.chunks_exact(2).map(vertex).collect();
        Ok((Polygon::new(vertices?), rest))
    }
}
