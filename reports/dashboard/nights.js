const NIGHTS = [["2026-11-27",28,2]];
