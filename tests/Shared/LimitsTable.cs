using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Utp.Tests;

/// <summary>Compares docs/limits.md with the constants and options of an assembly.</summary>
internal static partial class LimitsTable
{
    private const BindingFlags Members = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs/limits.md"));

    /// <summary>The members that have a row in the sections of an assembly, with the value that the row states.</summary>
    public static IReadOnlyList<(string Type, string Member, string Value)> RowsOf(Assembly assembly) =>
    [
        .. Text.Split("\n## ").Where(section => section.Split('\n')[0].Contains($"`{assembly.GetName().Name}`", StringComparison.Ordinal))
            .SelectMany(section => Row().Matches(section))
            .Select(row => (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value)),
    ];

    /// <summary>What is wrong with the rows of an assembly: one sentence each.</summary>
    public static IEnumerable<string> Differences(Assembly assembly)
    {
        foreach (var (typeName, memberName, stated) in RowsOf(assembly))
        {
            var members = TypesNamed(assembly, typeName).SelectMany(type => type.GetMember(memberName, Members)).Where(m => m is FieldInfo or PropertyInfo)
                .ToList();
            if (members.Count == 0)
            {
                yield return $"docs/limits.md names {typeName}.{memberName}, which does not exist. {WhereIs(assembly, memberName)}";
            }
            else if (!Agrees(members[0], stated))
            {
                yield return $"docs/limits.md says {typeName}.{memberName} = {stated}; the code says {ValueOf(members[0]) ?? "unset"}. Correct the table.";
            }
        }
    }

    /// <summary>Constants whose names say that they are bounds and that limits.md does not mention.</summary>
    public static IEnumerable<string> Missing(Assembly assembly) =>
        from type in assembly.GetTypes()
        from field in type.GetFields(Members)
        where (field.IsLiteral || (field.IsStatic && field.IsInitOnly)) && IsNumber(field.FieldType) && BoundName().IsMatch(field.Name) && !type.IsEnum
        let name = $"{SimpleName(type)}.{field.Name}"
        where !Text.Contains($"`{name}`", StringComparison.Ordinal) && !Text.Contains($"`{name} = ", StringComparison.Ordinal)
        select $"{name} has the name of a bound. Give it a row in docs/limits.md, or list it there under 'Not bounds'.";

    private static string WhereIs(Assembly assembly, string memberName)
    {
        var found = assembly.GetTypes().Where(type => type.GetMember(memberName, Members).Length > 0).Select(type => $"{SimpleName(type)}.{memberName}")
            .ToList();
        return found.Count == 0 ? "Remove the row, or give the new name." : $"Is it now {string.Join(" or ", found)}?";
    }

    private static IEnumerable<Type> TypesNamed(Assembly assembly, string name) => assembly.GetTypes().Where(type => SimpleName(type) == name);

    private static string SimpleName(Type type) => type.Name.Split('`')[0];

    private static bool IsNumber(Type type) => type.IsPrimitive || type == typeof(TimeSpan);

    private static bool Agrees(MemberInfo member, string stated)
    {
        var value = ValueOf(member);
        if (stated == "unset" || value is null)
        {
            return stated == "unset" && value is null;
        }

        var parts = stated.Split(' ');
        var number = decimal.Parse(parts[0], NumberStyles.AllowThousands | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        number *= parts.ElementAtOrDefault(1) switch
        {
            null => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "ms" => 1_000,
            "s" => 1_000_000,
            "min" => 60_000_000,
            var unit => throw new FormatException($"docs/limits.md has the unit '{unit}' in the value '{stated}'. Use KiB, MiB, ms, s or min."),
        };
        return value is TimeSpan time ? number == (decimal)time.TotalMicroseconds : number == Convert.ToDecimal(value, CultureInfo.InvariantCulture);
    }

    private static object? ValueOf(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } constant => constant.GetRawConstantValue(),
        FieldInfo field => field.GetValue(null),
        PropertyInfo property => property.GetValue(Activator.CreateInstance(property.DeclaringType!)),
        _ => throw new NotSupportedException($"{member} is neither a field nor a property."),
    };

    [GeneratedRegex(@"\| `(\w+)\.(\w+) = ([^`]+)` \|")]
    private static partial Regex Row();

    [GeneratedRegex("^(Max|Most|Widest|Longest|Largest)|Limit|Capacity|MaxConnections")]
    private static partial Regex BoundName();
}
