"""The book: a pure fold of executions, bookings and flows into orders, lots, round trips, roll chains and wheel cycles."""
