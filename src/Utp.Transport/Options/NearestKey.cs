namespace Utp.Transport.Options;

/// <summary>Suggests the known key that a misspelt key resembles most.</summary>
internal static class NearestKey
{
    /// <summary>Makes the message about an unknown key: it names the nearest known key, and all known keys when none is near.</summary>
    public static string Complaint(string path, string key, IReadOnlyCollection<string> known)
    {
        var nearest = known.MinBy(candidate => Distance(key, candidate))!;
        return Distance(key, nearest) <= Math.Max(2, key.Length / 2)
            ? $"{path} is not a known key. Did you mean '{nearest}'?"
            : $"{path} is not a known key. The nearest known one is '{nearest}'; known here are {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>Computes the Levenshtein distance without regard to case: the number of letters to insert, delete or replace.</summary>
    internal static int Distance(string left, string right)
    {
        Span<int> previous = stackalloc int[Math.Min(right.Length, 128) + 1];
        for (var column = 0; column < previous.Length; column++)
        {
            previous[column] = column;
        }

        foreach (var letter in left)
        {
            var diagonal = previous[0]++;
            for (var column = 1; column < previous.Length; column++)
            {
                var cost = char.ToUpperInvariant(letter) == char.ToUpperInvariant(right[column - 1]) ? 0 : 1;
                var distance = Math.Min(Math.Min(previous[column], previous[column - 1]) + 1, diagonal + cost);
                diagonal = previous[column];
                previous[column] = distance;
            }
        }

        return previous[^1];
    }
}
