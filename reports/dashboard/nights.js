const NIGHTS = [["2026-11-27",30,3]];
