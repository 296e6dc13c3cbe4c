using System;
using System.Globalization;
using Library;

Console.WriteLine($"accelerated {SentenceEncoder.IsAccelerated}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"error {new SentenceEncoder().LargestError(rows: 37)}"));
