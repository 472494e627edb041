using System.Reflection;
using Utp.Transport.Options;

namespace Utp.Transport.Tests.Options;

/// <summary>Compares the tables of keys with the options classes.</summary>
public sealed class OptionKeyTests
{
    [Fact]
    public void TransportKeys_EveryProperty_HasAKey() => AssertComplete(OptionKeys.Transport);

    [Fact]
    public void ClientKeys_EveryProperty_HasAKey() => AssertComplete(OptionKeys.Client);

    [Fact]
    public void ListenerKeys_EveryProperty_HasAKey() => AssertComplete(OptionKeys.Listener);

    [Fact]
    public void SocketKeys_EveryProperty_HasAKey() => AssertComplete(OptionKeys.Socket);

    [Fact]
    public void TransportKeys_Defaults_AreAllowed() =>
        Assert.All(OptionKeys.Transport, key => Assert.Null(key.Check(new UtpTransportOptions())));

    [Fact]
    public void ClientKeys_Defaults_AreAllowed() =>
        Assert.All(OptionKeys.Client, key => Assert.Null(key.Check(new UtpClientOptions())));

    [Fact]
    public void CopyTo_EveryConnectionProperty_IsCopied()
    {
        var source = new UtpConnectionOptions();
        foreach (var property in Settable(typeof(UtpConnectionOptions)))
        {
            property.SetValue(source, Other(property.GetValue(source), property.PropertyType));
        }

        var copy = new UtpListenerOptions();
        source.CopyTo(copy);

        Assert.All(Settable(typeof(UtpConnectionOptions)), property => Assert.Equal(property.GetValue(source), property.GetValue(copy)));
        var defaults = new UtpConnectionOptions();
        Assert.All(
            Settable(typeof(UtpConnectionOptions)).Where(property => !property.PropertyType.IsEnum),
            property => Assert.NotEqual(property.GetValue(defaults), property.GetValue(copy)));
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("RecieveBufferSize", "ReceiveBufferSize", 2)]
    [InlineData("nodelay", "NoDelay", 0)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_OfTwoWords_IsTheNumberOfEdits(string left, string right, int distance) =>
        Assert.Equal(distance, NearestKey.Distance(left, right));

    private static void AssertComplete<TOptions>(IReadOnlyList<IOptionKey<TOptions>> keys) =>
        Assert.Equal(
            Settable(typeof(TOptions)).Select(property => property.Name).Order(StringComparer.Ordinal),
            keys.Select(key => key.Name).Order(StringComparer.Ordinal));

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private static object? Other(object? value, Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return underlying == typeof(int) ? 1234 : TimeSpan.FromMilliseconds(12);
        }

        return value switch
        {
            Enum => Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1),
            int number => number + 1,
            bool flag => !flag,
            TimeSpan time => time + TimeSpan.FromSeconds(1),
            _ => throw new NotSupportedException($"Extend this test for {type}."),
        };
    }
}
