const NIGHTS = [["2026-11-27",34,3]];
