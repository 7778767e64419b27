//! An order for secrets.

/// Puts the longest first, since one may begin another. There are few of them, so that the shortest
/// of all ways to sort is the best.
pub(crate) fn longest_first<T>(items: &mut [T], length: impl Fn(&T) -> usize) {
    for end in 1..items.len() {
        let mut place = end;
        while place > 0 && length(&items[place - 1]) < length(&items[place]) {
            items.swap(place - 1, place);
            place -= 1;
        }
    }
}
