//! A shard's connections, by their sessions' ids.
//!
//! The ids are chosen here, and so that no two connections' agree in their last bits: a look-up is one place and one
//! comparison, without a hash. Limits: the table is at most half full and never shrinks, 16 bytes for each connection
//! there was at once, rounded up to a power of two.

use std::rc::Rc;

use chasqui_proto::ids::SessionId;

use super::conn::Conn;

/// Places there are from the start; a power of two, as any number of them.
const PLACES_MIN: usize = 64;

pub struct Conns {
    places: Vec<Option<Rc<Conn>>>,
    count: usize,
    shard: u16,
    next_serial: u64,
}

impl Conns {
    /// `first_serial` keeps session ids apart from those of former processes.
    pub fn new(shard: u16, first_serial: u64) -> Self {
        Self { places: vec![None; PLACES_MIN], count: 0, shard, next_serial: first_serial }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// An id never given before, whose place is free now.
    pub fn new_id(&mut self) -> SessionId {
        loop {
            let id = SessionId::new(self.shard, self.next_serial);
            self.next_serial += 1;
            if self.places[self.place(id)].is_none() {
                return id;
            }
        }
    }

    pub fn insert(&mut self, conn: Rc<Conn>) {
        // The place may have been taken since the id was given.
        while 2 * (self.count + 1) > self.places.len() || self.places[self.place(conn.session)].is_some() {
            self.grow();
        }
        let place = self.place(conn.session);
        self.places[place] = Some(conn);
        self.count += 1;
    }

    #[inline]
    pub fn get(&self, id: SessionId) -> Option<&Rc<Conn>> {
        self.places[self.place(id)].as_ref().filter(|conn| conn.session == id)
    }

    pub fn remove(&mut self, id: SessionId) -> Option<Rc<Conn>> {
        self.get(id)?;
        self.count -= 1;
        let place = self.place(id);
        self.places[place].take()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rc<Conn>> {
        self.places.iter().flatten()
    }

    #[inline]
    fn place(&self, id: SessionId) -> usize {
        id.0 as usize & (self.places.len() - 1)
    }

    /// Ids that differ in their last bits differ in one bit more, too.
    fn grow(&mut self) {
        let more = vec![None; 2 * self.places.len()];
        for conn in std::mem::replace(&mut self.places, more).into_iter().flatten() {
            let place = self.place(conn.session);
            self.places[place] = Some(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::encode::Wire;

    fn conn(session: SessionId) -> Rc<Conn> {
        Conn::stream(session, Wire::NativeStream, 1024, None)
    }

    fn held(conns: &Conns) -> Vec<SessionId> {
        let mut held: Vec<_> = conns.iter().map(|conn| conn.session).collect();
        held.sort();
        held
    }

    #[test]
    fn connections_that_come_and_go_are_found_and_no_others() {
        let mut conns = Conns::new(3, 7 << 36);
        let (mut open, mut gone) = (Vec::new(), Vec::new());
        for turn in 0..10_000_usize {
            let id = conns.new_id();
            conns.insert(conn(id));
            open.push(id);
            if turn > 300 {
                // Some stay for long, among them the first.
                let id = open.remove(1 + turn * 7919 % (open.len() - 1));
                assert_eq!(conns.remove(id).map(|conn| conn.session), Some(id));
                gone.push(id);
            }
        }
        assert_eq!(held(&conns), open);
        assert_eq!(conns.len(), open.len());
        assert!(open.iter().all(|id| conns.get(*id).is_some_and(|conn| conn.session == *id)));
        assert!(gone.iter().all(|id| conns.get(*id).is_none() && conns.places.len() == 1024));
    }

    #[test]
    fn an_id_whose_place_is_taken_meanwhile_finds_another() {
        let mut conns = Conns::new(0, 0);
        let early = conns.new_id();
        let late = std::iter::repeat_with(|| conns.new_id()).find(|id| id.0 == PLACES_MIN as u64).unwrap();
        conns.insert(conn(late));
        conns.insert(conn(early));
        assert_eq!(held(&conns), [early, late]);
        assert!(conns.get(early).is_some() && conns.get(late).is_some());
    }
}
